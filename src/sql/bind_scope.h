#pragma once
// Being written: the binder (bind_*.cc, signatures.*) by the catalog's owner. The printer and functions.cc are the sql owner's.
