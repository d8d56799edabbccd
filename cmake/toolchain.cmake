# Language level, warnings, hardening, sanitizers, linker and compiler cache of every target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_compile_options(
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion>"
  # Paths in debug information and CHECK messages are relative: the program is the same wherever it
  # was built, and worktrees share one compiler cache.
  "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Wthread-safety>")
endif()
if(ENTREPOT_WERROR)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Werror>")
endif()

# Bounds checks of the standard library are cheap enough to stay on in every build.
add_compile_definitions("$<$<COMPILE_LANGUAGE:CXX>:_GLIBCXX_ASSERTIONS>")
add_compile_options(-fstack-protector-strong)
add_link_options(-Wl,-z,relro,-z,now)

if(ENTREPOT_SANITIZE)
  add_compile_options(-fsanitize=${ENTREPOT_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ENTREPOT_SANITIZE})
endif()

find_program(ENTREPOT_MOLD mold)
if(ENTREPOT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_program(ENTREPOT_CCACHE ccache)
if(ENTREPOT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${ENTREPOT_CCACHE})
endif()
