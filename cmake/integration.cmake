# Tests that run the whole program: tests/<lane>/test_*.py, with pytest, one ctest case a file.
#
# A file registers itself by a line near its top:
#   # ctest: labels=clients,slow serial timeout=600 sanitizers=dev,tsan
# labels      besides `integration`; `all` means: only in `./dev test --all`
# serial      nothing else may run meanwhile
# timeout     in seconds, 300 if not given
# sanitizers  runs the file again with the program of these presets

# add_integration_test(NAME name FILE file.py [LABELS label...] [SERIAL] [TIMEOUT s] [PRESET preset])
function(add_integration_test)
  cmake_parse_arguments(arg "SERIAL" "NAME;FILE;TIMEOUT;PRESET" "LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  if(NOT arg_PRESET)
    set(arg_PRESET release)
  endif()
  set(tools "${CMAKE_SOURCE_DIR}/.cache/tools")
  add_test(NAME "${arg_NAME}"
           COMMAND "${tools}/venv/bin/python" "${CMAKE_SOURCE_DIR}/tests/run_file.py"
                   "${arg_FILE}"
           WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set(environment
      "ENTREPOT_BIN=${CMAKE_SOURCE_DIR}/build/${arg_PRESET}/entrepot"
      "ENTREPOT_TOOLS=${tools}")
  if(arg_PRESET STREQUAL "release")  # the tables of a run are those of the program as shipped
    list(APPEND environment "ENTREPOT_REPORT_DIR=${CMAKE_BINARY_DIR}/report")
  endif()
  set_tests_properties("${arg_NAME}" PROPERTIES
    LABELS "integration;${arg_LABELS}"
    RUN_SERIAL ${arg_SERIAL}
    TIMEOUT ${arg_TIMEOUT}
    SKIP_RETURN_CODE 77
    ENVIRONMENT "${environment}")
endfunction()

# Registers every tests/<lane>/test_*.py by its `# ctest:` line.
function(entrepot_discover_integration_tests)
  file(GLOB files CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}"
       "${CMAKE_SOURCE_DIR}/tests/*/test_*.py")
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${file}")
    file(STRINGS "${CMAKE_SOURCE_DIR}/${file}" line REGEX "^# ctest:" LIMIT_COUNT 1)
    if(NOT line)
      message(FATAL_ERROR "${file} has no '# ctest:' line; see cmake/integration.cmake")
    endif()
    string(REGEX REPLACE "^# ctest:" "" line "${line}")
    separate_arguments(words UNIX_COMMAND "${line}")

    set(options FILE "${file}")
    set(sanitizers "")
    foreach(word IN LISTS words)
      if(word STREQUAL "serial")
        list(APPEND options SERIAL)
      elseif(word MATCHES "^timeout=([0-9]+)$")
        list(APPEND options TIMEOUT ${CMAKE_MATCH_1})
      elseif(word MATCHES "^labels=(.+)$")
        string(REPLACE "," ";" labels "${CMAKE_MATCH_1}")
        list(APPEND options LABELS ${labels})
      elseif(word MATCHES "^sanitizers=(.+)$")
        string(REPLACE "," ";" sanitizers "${CMAKE_MATCH_1}")
      else()
        message(FATAL_ERROR "${file}: '# ctest:' does not know '${word}'")
      endif()
    endforeach()

    add_integration_test(NAME "${file}" ${options})
    foreach(sanitizer IN LISTS sanitizers)
      add_integration_test(NAME "${file} (${sanitizer})" ${options} PRESET ${sanitizer})
    endforeach()
  endforeach()
endfunction()
