// Clang must refuse this: it reads a member without its mutex. See tests/CMakeLists.txt.
#include "base/mutex.h"

class Count {
 public:
  int read() const { return count_; }

 private:
  mutable entrepot::Mutex mutex_;
  int count_ ENTREPOT_GUARDED_BY(mutex_) = 0;
};

int main() { return Count().read(); }
