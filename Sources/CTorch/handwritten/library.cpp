#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/headeronly/version.h>

#include <pthread.h>

#include <cstring>

#include "../include/ctorch_handwritten.h"
#include "../support.h"

namespace {
char *copy(const std::string &text) noexcept { return strdup(text.c_str()); }

template <typename Body>
auto orNothing(Body body) noexcept -> decltype(body()) {
  try {
    return body();
  } catch (...) {
    return {};
  }
}
}  // namespace

extern "C" {

const char *ct_header_version(void) { return TORCH_VERSION; }
uint64_t ct_header_abi(void) { return TORCH_ABI_VERSION; }
uint64_t ct_library_abi(void) { return aoti_torch_abi_version(); }
char *ct_show_config(void) {
  return orNothing([] { return copy(at::show_config()); });
}
char *ct_parallel_info(void) {
  return orNothing([] { return copy(at::get_parallel_info()); });
}
const char *ct_cpu_capability(void) {
  static const std::string capability = orNothing([] { return at::get_cpu_capability(); });
  return capability.c_str();
}
bool ct_cxx11_abi(void) { return _GLIBCXX_USE_CXX11_ABI; }
bool ct_built_with_cuda(void) {
  return orNothing([] { return at::globalContext().hasCUDA(); });
}
int32_t ct_cuda_device_count(void) {
  return orNothing([] { return at::globalContext().hasCUDA() ? static_cast<int32_t>(at::getNumGPUs()) : 0; });
}
void ct_set_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }
void ct_free(void *memory) { std::free(memory); }

}
