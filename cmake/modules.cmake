# What the modules of src/LAYERS need besides each other. One line per module.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(simdjson REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)

# libcurl is loaded by http/client when somebody needs it: its headers are all that is built with.
find_path(ENTREPOT_CURL_HEADERS curl/curl.h REQUIRED)
add_library(curl-headers INTERFACE)
target_include_directories(curl-headers SYSTEM INTERFACE "${ENTREPOT_CURL_HEADERS}")

# Third-party libraries. (tl/expected.hpp, which base uses, is a header alone; argon2, crypt and cmark-gfm have no
# package for CMake and are found as the linker finds them.)
entrepot_libraries(base        fmt::fmt Threads::Threads)
entrepot_libraries(json        simdjson::simdjson)
entrepot_libraries(markdown    cmark-gfm cmark-gfm-extensions)
entrepot_libraries(crypto      OpenSSL::Crypto argon2 crypt)
entrepot_libraries(http/server OpenSSL::SSL OpenSSL::Crypto)
entrepot_libraries(http/client curl-headers)
entrepot_libraries(meta/sqlite SQLite::SQLite3)
entrepot_libraries(server      yaml-cpp)

# The document of the API, which the API hands out.
entrepot_embed_made(api/rest "openapi.yaml" "${CMAKE_SOURCE_DIR}/docs/api/openapi.yaml")

# Modules that only the tests of a module use: real drivers under a use case, a whole server.
entrepot_test_modules(http      http/server)
entrepot_test_modules(http/client http/server)
entrepot_test_modules(cli       http/server)
entrepot_test_modules(registry  blob/fs meta/sqlite)
entrepot_test_modules(mirror    blob/fs meta/sqlite)
entrepot_test_modules(collect   blob/fs meta/sqlite events access)
entrepot_test_modules(import    blob/fs meta/sqlite events access)
entrepot_test_modules(scrub     blob/fs meta/sqlite events access)
entrepot_test_modules(hub       meta/sqlite)
entrepot_test_modules(insight   blob/fs meta/sqlite crypto)
entrepot_test_modules(jobs      meta/sqlite)
entrepot_test_modules(people    meta/sqlite)
entrepot_test_modules(audit     meta/sqlite)
entrepot_test_modules(api       http/server)
entrepot_test_modules(api/distribution  http/server blob/fs meta meta/sqlite events)
entrepot_test_modules(api/rest  blob blob/fs meta/sqlite http/server)
entrepot_test_modules(api/badges http/server blob/fs meta/sqlite auth)
entrepot_test_modules(api/search http/server blob blob/fs meta/sqlite auth registry)
entrepot_test_modules(ui        http/server)
entrepot_test_modules(api/token http/server meta/sqlite)

# The drivers of each port, which run its conformance suite.
entrepot_conformance(blob blob blob/fs)
entrepot_conformance(meta meta/sqlite)

# Modules with threads: their unit tests run under ThreadSanitizer, too.
entrepot_concurrent(base http http/server blob blob/fs meta meta/sqlite registry collect scrub remote mirror jobs people api/distribution server)
