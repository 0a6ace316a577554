# Each planted fault must be caught by the test that is there for it, over that fault and no other.
#
# iso_mutant(NAME FILE [BROKER] SAYS TEXT TEST COMMAND…): iso with FILE with the fault NAME of mutate.py, as BIN for the
# command, which must fail and say TEXT.
add_library(iso_main OBJECT ${CMAKE_SOURCE_DIR}/cli/main.cpp)
target_include_directories(iso_main PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/lib)
target_link_libraries(iso_main PRIVATE iso_cli11 iso_hardening)

function(iso_mutant name file)
  cmake_parse_arguments(arg "BROKER" "SAYS" "TEST" ${ARGN})
  set(mutated ${CMAKE_CURRENT_BINARY_DIR}/mutant_${name}.cpp)
  add_custom_command(OUTPUT ${mutated} VERBATIM
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/mutate.py ${name} ${CMAKE_SOURCE_DIR}/${file} ${mutated}
    DEPENDS ${CMAKE_SOURCE_DIR}/${file} mutate.py)
  # The linker takes the mutant's object for all that it defines, and the rest from the libraries.
  add_executable(iso_mutant_${name} ${mutated} $<TARGET_OBJECTS:iso_main>)
  target_link_libraries(iso_mutant_${name} PRIVATE iso_cli)

  set(run ${CMAKE_COMMAND} -E env BIN=$<TARGET_FILE:iso_mutant_${name}> ROOT=${CMAKE_SOURCE_DIR}
    ISO_RECORD_IO=$<TARGET_FILE:record_io> ISO_TEST_END=$<IF:$<BOOL:${arg_BROKER}>,amqp,sqlite>
    ${Python3_EXECUTABLE} -B caught.py ${arg_SAYS} ${arg_TEST})
  if(arg_BROKER)
    list(PREPEND run ${broker}/with ${broker_dir})
  endif()
  add_test(NAME faults-mutant-${name} COMMAND ${run} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(faults-mutant-${name} PROPERTIES LABELS faults TIMEOUT 300 COST 15)
  if(arg_BROKER)
    set_tests_properties(faults-mutant-${name} PROPERTIES LABELS "faults;broker" FIXTURES_REQUIRED broker)
  endif()
endfunction()

iso_mutant(acknowledges_before_the_commit lib/store/inbox.cpp
  SAYS "never came true" TEST ${BATS} -f "nothing is acknowledged while" ../cli/inbox.bats)
iso_mutant(does_not_sync lib/store/sqlite_file.cpp SAYS "!= (0, 0)"
  TEST ${Python3_EXECUTABLE} -B -m unittest -f -k test_no_state_of_the_disk_lacks_a_confirmed_message power_loss)
iso_mutant(prunes_what_is_not_done lib/store/sqlite_queue.cpp
  SAYS "exit 0, not 1" TEST ${BATS} -f "only what is done is ever deleted" ../cli/relay.bats)
iso_mutant(takes_a_return_for_a_confirm lib/pump/pump.cpp
  SAYS "it is sent again later" TEST ${BATS} -f "fails again and again" ../cli/relay.bats)
iso_mutant(is_not_mandatory lib/amqp/sink.cpp
  BROKER SAYS "not 1; stderr" TEST ${BATS} -f "fails again and again" ../cli/relay.bats)
iso_mutant(does_not_wait_for_confirms lib/amqp/sink.cpp
  BROKER SAYS "not 75; stderr" TEST ${BATS} -f "confirms that do not come in time" ../cli/endings.bats)
iso_mutant(does_not_put_again lib/ends/reconnect.cpp BROKER SAYS "no confirm for 10s"
  TEST ${Python3_EXECUTABLE} -B -m unittest -f -k test_a_cut_after_any_byte bad_line)
iso_mutant(has_no_heartbeat lib/amqp/traffic.cpp BROKER SAYS "the proxy never saw"
  TEST ${Python3_EXECUTABLE} -B -m unittest -f -k test_publish_leaves_a_black_hole silence)

# Those that a process which is killed brings to light, and those of a store that has aged.
function(iso_fault_mutant name file says test sentence)
  iso_mutant(${name} ${file} SAYS ${says} TEST ${Python3_EXECUTABLE} -B -m unittest -f -k test_${sentence} ${test})
endfunction()
iso_fault_mutant(lets_two_relay_at_once lib/store/sqlite_file.cpp "another relay has the queue"
  takeover the_next_relay_takes_over)
iso_fault_mutant(never_cuts_the_log lib/base/sqlite.cpp "not less than 4096000" store_faults a_long_reader)
iso_fault_mutant(rests_for_ever lib/store/sqlite_queue.cpp "a try after -1d" moved_clock a_clock_that_jumps)
iso_fault_mutant(trusts_each_body lib/store/rows.cpp "found in" bit_flips no_flipped_bits)
