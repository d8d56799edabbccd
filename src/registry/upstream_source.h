#pragma once
// registry/upstream_source.h — what other registries have, for whoever does not find it here.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/executor.h"
#include "base/result.h"
#include "oci/manifest.h"
#include "oci/name.h"
#include "registry/pull.h"

namespace entrepot::registry {

// Repositories of other registries, served here. An upstream is a namespace that is called like its
// registry: "docker.io/library/nginx". Thread-safe. What may be read by whom is the caller's
// question to `access`, before, as for all else.
class UpstreamSource {
 public:
  virtual ~UpstreamSource() = default;

  // --- On an event loop, from memory ---

  // What a request that names `repository`, and the registry that it means in `ns` (""), is about:
  // "library/nginx" of "docker.io" is "docker.io/library/nginx", and so is "library/nginx" where
  // docker.io stands behind all that is not here. Nothing: what it says. NotFound for an `ns` that
  // is no upstream. InvalidArgument: that makes no valid name.
  virtual Result<std::optional<std::string>> meant_by(std::string_view repository,
                                                      std::string_view ns, bool is_pull) const = 0;
  // Is it a repository of an upstream?
  virtual bool has(std::string_view repository) const = 0;
  // The upstream whose prefix stands in front of "/v2/" in a path, as in "/docker.io/v2/…"; "" for
  // none.
  virtual std::string_view at_front_of(std::string_view path) const = 0;
  // Until when what is here under this tag may be told without asking the upstream. Nothing:
  // bring() comes first.
  virtual std::optional<SteadyTime> fresh_until(std::string_view repository,
                                                std::string_view tag) const = 0;

  // --- These block: on the executor ---

  // Of the upstream of this repository.
  virtual Executor& executor(std::string_view repository) = 0;

  struct Brought {
    std::string warning =
        {};  // not empty: the upstream could not be asked, and what is here may be old
  };
  // Sees to it that the manifest that the upstream has there now is here, for Puller. Of many who
  // ask for the same at once, one asks the upstream. Answers within about ten seconds. NotFound:
  // the upstream does not have it. An error when nothing is here and the upstream cannot be asked:
  // Unavailable, RateLimited, Denied, Timeout.
  virtual Result<Brought> bring(Context& context, const oci::RepositoryName& repository,
                                const oci::Reference& reference) = 0;

  // A blob that is not here yet, to be sent while it comes. However many ask for it, it comes once,
  // and stays when they leave.
  virtual Result<OpenBlob> blob(Context& context, const oci::RepositoryName& repository,
                                const oci::Digest& digest) = 0;
  // Its size alone; nothing is brought.
  virtual Result<std::uint64_t> blob_size(Context& context, const oci::RepositoryName& repository,
                                          const oci::Digest& digest) = 0;

  // What the upstream has that refers to a manifest, in any order; nothing of it is brought.
  virtual Result<std::vector<oci::Descriptor>> referrers(Context& context,
                                                         const oci::RepositoryName& repository,
                                                         const oci::Digest& subject) = 0;

  // All that the upstream has, and not only what is here.
  virtual Result<NamePage> tags(Context& context, const oci::RepositoryName& repository,
                                std::string_view after, std::size_t limit) = 0;
};

}  // namespace entrepot::registry
