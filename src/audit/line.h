#pragma once
// audit/line.h — one record as a line of JSON.

#include <string>

#include "meta/journal.h"

namespace entrepot::audit {

// {"id":7,"at":"2026-11-27T11:05:00.000001Z","what":"grant.created","who":"alice","kind":"user",
//  "client":"10.0.0.7","request":"…","repository":"acme/app","digest":"…","tag":"…",
//  "previous":"…","detail":{…}}
// and a line's end. Members that say nothing are left out; their order never changes, for the
// digests of seals are made of these lines (audit/chain.h).
std::string line_of(const meta::Journal::Entry& entry);

}  // namespace entrepot::audit
