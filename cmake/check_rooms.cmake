# cmake -D ROOT=… -P check_rooms.cmake: every #include follows the arrows of the house, and what a room keeps
# to itself stays there. The rooms are build targets too, but they share an include root, so a wrong include
# would compile.
cmake_minimum_required(VERSION 3.25)

# Which room may see which; each sees itself.
function(iso_room name)
  cmake_parse_arguments(room "" "" "SEES;USES" ${ARGN})
  set(sees_${name} ${name} ${room_SEES} PARENT_SCOPE)
endfunction()
include("${CMAKE_CURRENT_LIST_DIR}/house.cmake")
set(sees_cli cli ${iso_cli_sees})

# A header of others, and the files that may include it; both are regular expressions.
set(homes
  "sqlite3\\.h=^lib/base/"
  "zlib\\.h=^lib/base/gzip\\.cpp$"
  "zstd\\.h=^lib/base/zstandard\\.cpp$"
  "nlohmann/.*|simdjson.*=^lib/record/[a-z_]+\\.cpp$"
  "openssl/.*=^lib/amqp/(tls\\.cpp|functions\\.h)$"
  "libpq-fe\\.h=^lib/store/"
  "curl/.*=^lib/http/[a-z_]+\\.(h|cpp)$"
  "resolv\\.h|arpa/nameser.*=^lib/discovery/srv\\.cpp$"
  "fmt/format.*=^lib/base/format\\.cpp$"
  "CLI/.*=^cli/")

# A header of ours that is an inside of its room, and the files that may include it.
set(insides
  "(base/sqlite|store/sqlite_).*=^lib/(base|breaker|http_cache)/|^lib/store/(sqlite_[a-z_]+|open)\\.(h|cpp)$")

set(faults "")

function(fault text)
  set(faults "${faults}  ${text}\n" PARENT_SCOPE)
endfunction()

# Ours are written "room/file.h", seen from the include root.
macro(check_ours file room header)
  if("${header}" MATCHES "^([a-z_]+)/")
    if(NOT CMAKE_MATCH_1 IN_LIST sees_${room})
      fault("${file}: ${room} may not see ${CMAKE_MATCH_1} (\"${header}\")")
    endif()
  else()
    fault("${file}: \"${header}\" names no room")
  endif()
  foreach(row IN LISTS insides)
    string(REGEX MATCH "^(.*)=(.*)$" row "${row}")
    set(home "${CMAKE_MATCH_2}")
    if("${header}" MATCHES "^(${CMAKE_MATCH_1})$" AND NOT "${file}" MATCHES "${home}")
      fault("${file}: \"${header}\" lives in ${home}")
    endif()
  endforeach()
endmacro()

macro(check_theirs file header)
  foreach(row IN LISTS homes)
    string(REGEX MATCH "^(.*)=(.*)$" row "${row}")
    set(home "${CMAKE_MATCH_2}")
    if("${header}" MATCHES "^(${CMAKE_MATCH_1})$" AND NOT "${file}" MATCHES "${home}")
      fault("${file}: <${header}> lives in ${home}")
    endif()
  endforeach()
endmacro()

macro(check_words file)
  file(STRINGS "${ROOT}/${file}" lines REGEX "std::(cout|cerr)|getenv|(^|[^_a-z])exit ?\\(")
  if(lines)
    fault("${file}: only cli prints, reads the environment or exits (${lines})")
  endif()
endmacro()

macro(check_file file)
  string(REGEX MATCH "^(lib/)?([a-z_]+)/" ignored "${file}")
  set(room "${CMAKE_MATCH_2}")
  if(NOT DEFINED sees_${room})
    fault("${file}: ${room} is not a room of the house")
  endif()
  file(STRINGS "${ROOT}/${file}" includes REGEX "^[ \t]*#[ \t]*include")
  foreach(include IN LISTS includes)
    if(include MATCHES "\"([^\"]+)\"")
      check_ours("${file}" "${room}" "${CMAKE_MATCH_1}")
    elseif(include MATCHES "<([^>]+)>")
      check_theirs("${file}" "${CMAKE_MATCH_1}")
    endif()
  endforeach()
  if("${file}" MATCHES "^lib/")
    check_words("${file}")
  endif()
endmacro()

file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/lib/*.h" "${ROOT}/lib/*.cpp" "${ROOT}/cli/*.h" "${ROOT}/cli/*.cpp")
if(NOT files)
  message(FATAL_ERROR "no sources under ${ROOT}")
endif()
foreach(file IN LISTS files)
  check_file("${file}")
endforeach()

list(LENGTH files count)
if(faults)
  message(FATAL_ERROR "the arrows of the house are broken:\n${faults}")
endif()
message(STATUS "${count} files keep to their rooms")
