# One interface target that every target of ours links: a broken pointer, an overrun buffer or a bad index ends an
# optimized binary at once. It costs 5% of the time to start, and 1% of a long publish. Sanitizers check more by
# themselves, and _FORTIFY_SOURCE needs an optimizer.
include(CheckCXXCompilerFlag)
include(CMakePushCheckState)

add_library(iso_hardening INTERFACE)
set(ISO_IS_HARDENED OFF)
if(ISO_HARDENING AND CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$" AND NOT ISO_SANITIZE AND NOT ISO_COVERAGE)
  set(ISO_IS_HARDENED ON)
  # Those that this compiler knows for this processor; -Werror, since clang only warns of what it does not know.
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full)
    string(MAKE_C_IDENTIFIER "ISO_HAS${flag}" has)
    cmake_push_check_state()
    set(CMAKE_REQUIRED_FLAGS -Werror)
    check_cxx_compiler_flag(${flag} ${has})
    cmake_pop_check_state()
    if(${has})
      target_compile_options(iso_hardening INTERFACE ${flag})
    endif()
  endforeach()
  # Undefined first: some distributions' compilers define it by themselves.
  target_compile_options(iso_hardening INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fPIE)
  target_compile_definitions(iso_hardening INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(iso_hardening INTERFACE -pie -Wl,-z,relro,-z,now)
endif()
