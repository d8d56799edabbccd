#pragma once
// remote/testing/fake_registry.h — a registry with its token service and its storage, each on a
// port of its own, for tests: it keeps to the protocol, and breaks it where it is told to.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "http/client/testing/raw_server.h"
#include "oci/digest.h"

namespace entrepot::remote::testing {

using http::client::testing::answer_text;
using http::client::testing::Asked;
using http::client::testing::RawServer;
using http::client::testing::Said;

class FakeRegistry {
 public:
  enum class Host { Registry, Realm, Storage };
  // What is said instead of what would be right; nothing: that.
  using Instead = std::function<std::optional<Said>(const Asked&)>;

  struct Rules {
    enum class Demand { Nothing, Token, Basic };
    Demand demand = Demand::Token;
    bool silent_401 = false;    // only the challenge of /v2/ says what is demanded
    int refused_with = 401;     // what an old token gets
    std::string password = {};  // of "me"; "": the token service asks for none
    std::string token_field = "token";
    std::string token_life = "60";  // "": not told
    bool redirect_blobs = false;    // to the storage
    bool head = true;               // knows HEAD of manifests
    std::string lines = {};         // in each answer, such as "ratelimit-remaining: 9;w=3600\r\n"
  };

  FakeRegistry();

  std::string url() const { return registry_.url(); }
  std::string realm_url() const { return realm_.url("/token"); }
  std::string storage_url() const { return storage_.url(); }

  void rule(const std::function<void(Rules&)>& change);
  void answer(Host host, Instead instead);
  void put_manifest(std::string_view name, std::string_view reference, std::string bytes,
                    std::string type = "application/vnd.oci.image.index.v1+json");
  oci::Digest put_blob(std::string bytes);
  void put_tags(std::string_view name, std::vector<std::string> tags);
  void forget_tokens();  // those that were handed out open nothing any more

  std::vector<Asked> asked(Host host) const;  // all requests so far
  std::size_t count(Host host) const { return asked(host).size(); }

 private:
  struct Content {
    std::string type, bytes;
  };

  Said serve(Host host, const Asked& asked);
  Said right_answer(Host host, const Asked& asked) ENTREPOT_REQUIRES(mutex_);
  Said registry_answer(const Asked& asked) ENTREPOT_REQUIRES(mutex_);
  std::optional<Said> refusal(const Asked& asked) ENTREPOT_REQUIRES(mutex_);
  Said token_answer(const Asked& asked) ENTREPOT_REQUIRES(mutex_);
  Said tags_answer(const Asked& asked, const std::string& name) ENTREPOT_REQUIRES(mutex_);
  Said blob_answer(const Asked& asked, const std::string& digest) ENTREPOT_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Rules rules_ ENTREPOT_GUARDED_BY(mutex_);
  std::map<Host, Instead> instead_ ENTREPOT_GUARDED_BY(mutex_);
  std::map<Host, std::vector<Asked>> asked_ ENTREPOT_GUARDED_BY(mutex_);
  std::map<std::string, Content> manifests_ ENTREPOT_GUARDED_BY(mutex_);  // by path
  std::map<std::string, std::string> blobs_ ENTREPOT_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<std::string>> tags_ ENTREPOT_GUARDED_BY(mutex_);
  std::set<std::string> tokens_ ENTREPOT_GUARDED_BY(mutex_);
  int tokens_made_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  RawServer realm_, storage_, registry_;
};

}  // namespace entrepot::remote::testing
