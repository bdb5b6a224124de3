# Third-party libraries. Debian packages are found on the system; the pinned ones come from third_party/fetch.sh.
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/third_party/fetch.sh
  OUTPUT_VARIABLE FRESHET_PREFIX OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE fetched)
if(NOT fetched EQUAL 0)
  message(FATAL_ERROR "third_party/fetch.sh failed")
endif()
message(STATUS "third-party prefix: ${FRESHET_PREFIX}")

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(GTest REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)

# The name of every imported library is third_party::NAME, so a room's link line reads like its includes.
add_library(third_party_duckdb SHARED IMPORTED GLOBAL)
set_target_properties(third_party_duckdb PROPERTIES
  IMPORTED_LOCATION ${FRESHET_PREFIX}/lib/libduckdb.so
  INTERFACE_INCLUDE_DIRECTORIES ${FRESHET_PREFIX}/include)
add_library(third_party::duckdb ALIAS third_party_duckdb)

add_library(third_party_rdkafka STATIC IMPORTED GLOBAL)
set_target_properties(third_party_rdkafka PROPERTIES
  IMPORTED_LOCATION ${FRESHET_PREFIX}/lib/librdkafka.a
  INTERFACE_INCLUDE_DIRECTORIES ${FRESHET_PREFIX}/include
  INTERFACE_LINK_LIBRARIES "sasl2;curl;zstd;lz4;ssl;crypto;z;m;dl;Threads::Threads")
add_library(third_party::rdkafka ALIAS third_party_rdkafka)

# What Kafka's record batches are compressed by, for the direct reader.
add_library(third_party_codecs INTERFACE)
target_link_libraries(third_party_codecs INTERFACE lz4 zstd z)
add_library(third_party::codecs ALIAS third_party_codecs)

add_library(third_party_simdjson STATIC ${FRESHET_PREFIX}/include/simdjson.cpp)
target_include_directories(third_party_simdjson SYSTEM PUBLIC ${FRESHET_PREFIX}/include)
target_compile_options(third_party_simdjson PRIVATE -O3 -w)
add_library(third_party::simdjson ALIAS third_party_simdjson)

add_library(third_party_datasketches INTERFACE)
target_include_directories(third_party_datasketches SYSTEM INTERFACE ${FRESHET_PREFIX}/include/datasketches)
add_library(third_party::datasketches ALIAS third_party_datasketches)

add_library(third_party_pg_query INTERFACE)
target_link_libraries(third_party_pg_query INTERFACE pg_query protobuf-c)
add_library(third_party::pg_query ALIAS third_party_pg_query)

add_library(third_party_log INTERFACE)
target_link_libraries(third_party_log INTERFACE spdlog::spdlog fmt::fmt)
add_library(third_party::log ALIAS third_party_log)

add_library(third_party_curl INTERFACE)
target_link_libraries(third_party_curl INTERFACE curl)
add_library(third_party::curl ALIAS third_party_curl)

# Reads .proto texts (Debian's libprotobuf-dev; the parser's header is in libprotoc-dev).
add_library(third_party_protobuf INTERFACE)
target_link_libraries(third_party_protobuf INTERFACE protobuf)
add_library(third_party::protobuf ALIAS third_party_protobuf)

# Civil time zones from the system's tzdata (Debian's libhowardhinnant-date-dev).
find_package(date REQUIRED)
add_library(third_party_tz INTERFACE)
target_link_libraries(third_party_tz INTERFACE date::date-tz)
add_library(third_party::tz ALIAS third_party_tz)
