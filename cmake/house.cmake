# The arrows of the house, each room once: CMakeLists.txt makes a target of each, and check_rooms.cmake, the ctest
# "rooms", holds every #include to them.
iso_room(base SEES USES ${CMAKE_DL_LIBS})
iso_room(record SEES base USES nlohmann_json::nlohmann_json)
iso_room(breaker SEES base)
iso_room(pump SEES record base)
iso_room(amqp SEES pump record base)
iso_room(store SEES pump record base)
iso_room(replies SEES pump record base)
iso_room(handlers SEES replies breaker pump record base)
iso_room(ends SEES amqp store breaker pump record base)
iso_room(http SEES record base)
iso_room(http_cache SEES http base)
iso_room(discovery SEES http record base)
iso_room(fetch SEES discovery http_cache http breaker record base)
iso_room(status SEES amqp store http pump record base)
iso_room(reconcile SEES ends store pump record base)

set(iso_cli_sees reconcile status fetch discovery http_cache http ends handlers replies store breaker pump record base)
