#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include "../include/ctorch_handwritten.h"
#include "../support.h"

using namespace ct;

extern "C" {

bool ct_grad_enabled(void) { return c10::GradMode::is_enabled(); }
void ct_set_grad_enabled(bool value) { c10::GradMode::set_enabled(value); }
void *ct_inference_enter(bool enabled) { return new c10::InferenceMode(enabled); }
void ct_inference_leave(void *guard) { delete static_cast<c10::InferenceMode *>(guard); }
bool ct_inference_enabled(void) { return c10::InferenceMode::is_enabled(); }

CTAutocast ct_autocast(int32_t deviceType, CTError *error) {
  CT_TRY(CTAutocast{}, {
    const auto type = static_cast<at::DeviceType>(deviceType);
    return CTAutocast{
        at::autocast::is_autocast_enabled(type), static_cast<int32_t>(at::autocast::get_autocast_dtype(type)),
        at::autocast::is_autocast_cache_enabled()};
  })
}
int32_t ct_autocast_enter(int32_t deviceType, CTAutocast state, CTError *error) {
  CT_TRY(-1, {
    const auto type = static_cast<at::DeviceType>(deviceType);
    at::autocast::set_autocast_enabled(type, state.enabled);
    at::autocast::set_autocast_dtype(type, scalarType(state.dtype));
    at::autocast::set_autocast_cache_enabled(state.cache);
    at::autocast::increment_nesting();
    return 0;
  })
}
void ct_autocast_leave(int32_t deviceType, CTAutocast previous) {
  const auto type = static_cast<at::DeviceType>(deviceType);
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(type, previous.enabled);
  at::autocast::set_autocast_dtype(type, scalarType(previous.dtype));
  at::autocast::set_autocast_cache_enabled(previous.cache);
}

// Reading the number first makes a new thread take the process's setting instead of starting a full OpenMP team.
int32_t ct_threads(void) { return at::get_num_threads(); }
int32_t ct_set_threads(int32_t count, CTError *error) {
  CT_TRY(-1, {
    at::set_num_threads(count);
    return at::get_num_threads();
  })
}
int32_t ct_set_interop_threads(int32_t count, CTError *error) {
  CT_TRY(-1, {
    at::set_num_interop_threads(count);
    return 0;
  })
}
void ct_set_deterministic(bool value, bool warnOnly) { at::globalContext().setDeterministicAlgorithms(value, warnOnly); }
bool ct_deterministic(void) { return at::globalContext().deterministicAlgorithms(); }
bool ct_set_flush_denormal(bool value) { return at::globalContext().setFlushDenormal(value); }

}
