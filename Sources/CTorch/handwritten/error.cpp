#include <c10/util/Exception.h>

#include <cstring>
#include <new>
#include <string>

#include "../include/ctorch_handwritten.h"
#include "../support.h"
#include "callback_error.h"

namespace {
struct Error {
  CTErrorKind kind;
  std::string message;
};

// The last resort when there is no memory for an error about the lack of memory.
Error lackOfMemory{CT_ERROR_OUT_OF_MEMORY, "out of memory"};

CTErrorKind kindOf(const c10::Error &error, const std::string &message) {
  if (dynamic_cast<const c10::OutOfMemoryError *>(&error)) return CT_ERROR_OUT_OF_MEMORY;
  // The CPU allocator throws a plain error, and a size that no allocator could serve is the same case for the caller.
  if (message.find("can't allocate memory") != std::string::npos || message.find("Storage size calculation overflowed") != std::string::npos)
    return CT_ERROR_OUT_OF_MEMORY;
  if (dynamic_cast<const c10::IndexError *>(&error)) return CT_ERROR_INDEX;
  if (dynamic_cast<const c10::ValueError *>(&error)) return CT_ERROR_VALUE;
  if (dynamic_cast<const c10::TypeError *>(&error)) return CT_ERROR_TYPE;
  if (dynamic_cast<const c10::NotImplementedError *>(&error)) return CT_ERROR_NOT_IMPLEMENTED;
  if (dynamic_cast<const c10::LinAlgError *>(&error)) return CT_ERROR_LINEAR_ALGEBRA;
  return CT_ERROR_ENGINE;
}

CTError handle(Error *error) { return reinterpret_cast<CTError>(error); }
}  // namespace

void ct::report(CTError _Nonnull *_Nonnull result) noexcept {
  try {
    try {
      throw;
    } catch (const ct::CallbackError &error) {
      *result = handle(new Error{CT_ERROR_CALLBACK, error.what()});
    } catch (const c10::Error &error) {
      std::string message = error.what_without_backtrace();
      *result = handle(new Error{kindOf(error, message), std::move(message)});
    } catch (const std::bad_alloc &) {
      *result = handle(&lackOfMemory);
    } catch (const std::exception &error) {
      *result = handle(new Error{CT_ERROR_ENGINE, error.what()});
    } catch (...) {
      *result = handle(new Error{CT_ERROR_ENGINE, "an exception that is no std::exception"});
    }
  } catch (...) {
    *result = handle(&lackOfMemory);
  }
}

extern "C" {
CTErrorKind ct_error_kind(CTError error) { return reinterpret_cast<Error *>(error)->kind; }
const char *ct_error_message(CTError error) { return reinterpret_cast<Error *>(error)->message.c_str(); }
void ct_error_free(CTError error) {
  auto *pointer = reinterpret_cast<Error *>(error);
  if (pointer != &lackOfMemory) delete pointer;
}
}
