#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <mutex>

#include "../include/ctorch_handwritten.h"
#include "../support.h"

using namespace ct;

namespace {
const at::Generator &generator(const CTGenerator &handle) { return *reinterpret_cast<const at::Generator *>(&handle); }

CTGenerator ownGenerator(at::Generator value) {
  static_assert(sizeof(at::Generator) == sizeof(void *), "a handle is a generator's only member");
  liveHandles.fetch_add(1, std::memory_order_relaxed);
  return reinterpret_cast<CTGenerator>(value.unsafeReleaseGeneratorImpl());
}
}  // namespace

extern "C" {

CTGenerator ct_generator_new(uint64_t seed, CTError *error) {
  CT_TRY(nullptr, return ownGenerator(at::make_generator<at::CPUGeneratorImpl>(seed));)
}
CTGenerator ct_generator_default(CTError *error) { CT_TRY(nullptr, return ownGenerator(at::detail::getDefaultCPUGenerator());) }
void ct_generator_release(CTGenerator handle) {
  liveHandles.fetch_sub(1, std::memory_order_relaxed);
  c10::intrusive_ptr<c10::GeneratorImpl>::reclaim(reinterpret_cast<c10::GeneratorImpl *>(handle));
}
int32_t ct_generator_seed(CTGenerator handle, uint64_t seed, CTError *error) {
  CT_TRY(-1, {
    at::Generator value = generator(handle);
    std::lock_guard<std::mutex> lock(value.mutex());
    value.set_current_seed(seed);
    return 0;
  })
}
CTTensor ct_generator_state(CTGenerator handle, CTError *error) {
  CT_TRY(nullptr, {
    at::Generator value = generator(handle);
    std::lock_guard<std::mutex> lock(value.mutex());
    return own(value.get_state());
  })
}
int32_t ct_generator_set_state(CTGenerator handle, CTTensor state, CTError *error) {
  CT_TRY(-1, {
    at::Generator value = generator(handle);
    std::lock_guard<std::mutex> lock(value.mutex());
    value.set_state(tensor(state));
    return 0;
  })
}
int32_t ct_manual_seed(uint64_t seed, CTError *error) {
  CT_TRY(-1, {
    at::manual_seed(seed);
    return 0;
  })
}

}
