# The web page: what web/build.mjs makes of web/ becomes the embedded file "page.pack" of module ui.
#
# It needs Node 20.19 and the packages in web/node_modules, which `./dev build` puts there. Without
# them the file is empty, and the server says instead of a page how to get one.

set(ENTREPOT_PAGE_PACK "${CMAKE_BINARY_DIR}/page/page.pack")
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/page")

find_program(ENTREPOT_NODE node)
set(version "")
if(ENTREPOT_NODE)
  execute_process(COMMAND "${ENTREPOT_NODE}" --version OUTPUT_VARIABLE version
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
string(REGEX REPLACE "^v" "" version "${version}")

set(installed "${CMAKE_SOURCE_DIR}/web/node_modules/.package-lock.json")
if(version VERSION_GREATER_EQUAL 20.19 AND EXISTS "${installed}")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/web/src/*")
  set(settings build.mjs shell.html vite.config.ts package.json)
  list(TRANSFORM settings PREPEND "${CMAKE_SOURCE_DIR}/web/")
  add_custom_command(OUTPUT "${ENTREPOT_PAGE_PACK}"
                     COMMAND "${ENTREPOT_NODE}" build.mjs "${ENTREPOT_PAGE_PACK}"
                     DEPENDS ${sources} ${settings} "${installed}"
                     WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}/web"
                     COMMENT "Building the web page" VERBATIM)
else()
  message(STATUS "No web page in this build: it needs Node 20.19 and web/node_modules (./dev build)")
  file(CONFIGURE OUTPUT "${ENTREPOT_PAGE_PACK}" CONTENT "")
endif()
entrepot_embed_made(ui "page.pack" "${ENTREPOT_PAGE_PACK}")
