#include "meta/sqlite/store.h"

#include "meta/sqlite/testing/temporary_store.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance, every_promise(&sqlite::testing::open_temporary));

}  // namespace entrepot::meta::testing
