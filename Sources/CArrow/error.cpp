#include <new>

#include "support.h"

namespace {
// The last resort when there is no memory for an error about the lack of memory.
ca::Failure lackOfMemory{CA_ERROR_OUT_OF_MEMORY, "out of memory"};

ca::Failure *failure(CAError error) { return reinterpret_cast<ca::Failure *>(error); }
CAError handle(ca::Failure *error) { return reinterpret_cast<CAError>(error); }
const char *orNull(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }
}  // namespace

std::atomic<int64_t> ca::liveHandles{0};

void ca::report(CAError _Nonnull *_Nonnull result) noexcept {
  try {
    try {
      throw;
    } catch (const Failure &error) {
      *result = handle(new Failure(error));
    } catch (const std::bad_alloc &) {
      *result = handle(&lackOfMemory);
    } catch (const std::exception &error) {
      *result = handle(new Failure{CA_ERROR_ENGINE, error.what()});
    } catch (...) {
      *result = handle(new Failure{CA_ERROR_ENGINE, "an exception that is no std::exception"});
    }
  } catch (...) {
    *result = handle(&lackOfMemory);
  }
}

extern "C" {
CAErrorKind ca_error_kind(CAError error) { return failure(error)->kind; }
const char *ca_error_message(CAError error) { return failure(error)->message.c_str(); }
const char *ca_error_column(CAError error) { return orNull(failure(error)->column); }
const char *ca_error_value(CAError error) { return orNull(failure(error)->value); }
const char *ca_error_expected(CAError error) { return orNull(failure(error)->expected); }
int64_t ca_error_line(CAError error) { return failure(error)->line; }
void ca_error_free(CAError error) {
  if (failure(error) != &lackOfMemory) delete failure(error);
}
}
