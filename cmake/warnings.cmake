# One interface target that every target of ours links; nothing of it reaches those who install iso.
add_library(iso_warnings INTERFACE)
target_compile_options(iso_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wswitch -Wold-style-cast -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 takes std::string's own inlined copies for overlapping ones (GCC bug 105651).
  target_compile_options(iso_warnings INTERFACE -Wno-restrict)
endif()
if(ISO_WERROR)
  target_compile_options(iso_warnings INTERFACE -Werror)
endif()
if(ISO_SANITIZE)
  add_compile_options(-fsanitize=${ISO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ISO_SANITIZE})
endif()
if(ISO_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
