# iso_room(NAME SEES room… USES target…): one static library a room, from lib/NAME/*.cpp.
# SEES are rooms of ours whose headers it may include; USES are libraries of others.
function(iso_room name)
  cmake_parse_arguments(room "" "" "SEES;USES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lib/${name}/*.cpp)
  add_library(iso_${name} STATIC ${sources})
  target_include_directories(iso_${name} PUBLIC ${CMAKE_SOURCE_DIR}/lib)
  list(TRANSFORM room_SEES PREPEND iso_)
  target_link_libraries(iso_${name} PUBLIC ${room_SEES} PRIVATE iso_warnings ${room_USES})
  target_include_directories(iso_${name} SYSTEM PUBLIC
    $<TARGET_PROPERTY:fmt::fmt-header-only,INTERFACE_INCLUDE_DIRECTORIES>)
endfunction()
