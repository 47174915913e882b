// Process groups over Gloo, which libtorch has compiled in.
//
// libtorch's package brings ProcessGroupGloo.hpp but not the five headers of Gloo that it includes. `gloo-declarations` declares, in our own
// words, the few names that it mentions, so that it compiles. Nothing of Gloo is defined or made here: devices and contexts stay behind
// libtorch's functions and smart pointers, so that neither their size nor their layout matters. What does matter is checked: sizes and
// libtorch's version below, and for every group that what libtorch's own constructors wrote is found where the header says.

// libtorch's header is empty unless this is set, whatever the library has compiled in.
#define USE_C10D_GLOO 1

#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "../include/ctorch_distributed.h"
#include "../support.h"
#include "callback_error.h"

using namespace ct;
using std::chrono::milliseconds;

static_assert(TORCH_VERSION_MAJOR == 2, "check gloo-declarations against this libtorch's ProcessGroupGloo.hpp");
static_assert(sizeof(std::shared_ptr<gloo::transport::Device>) == 2 * sizeof(void *), "a device is held by a plain shared pointer");
static_assert(sizeof(std::vector<std::shared_ptr<gloo::Context>>) == 3 * sizeof(void *), "contexts are held in a plain vector");

namespace {

using Group = c10d::ProcessGroupGloo;

c10d::Store &store(CTStore handle) { return *reinterpret_cast<c10d::Store *>(handle); }
c10::intrusive_ptr<c10d::Store> shared(CTStore handle) {
  return c10::intrusive_ptr<c10d::Store>::unsafe_reclaim_from_nonowning(reinterpret_cast<c10d::Store *>(handle));
}
CTStore giveStore(c10::intrusive_ptr<c10d::Store> value) {
  liveHandles.fetch_add(1, std::memory_order_relaxed);
  return reinterpret_cast<CTStore>(value.release());
}
Group &group(CTGroup handle) { return *reinterpret_cast<Group *>(handle); }
c10d::Work &work(CTWork handle) { return *reinterpret_cast<c10d::Work *>(handle); }
CTWork giveWork(c10::intrusive_ptr<c10d::Work> value) {
  liveHandles.fetch_add(1, std::memory_order_relaxed);
  return reinterpret_cast<CTWork>(value.release());
}

c10d::ReduceOp reduction(CTReduce op) { return c10d::ReduceOp(static_cast<c10d::ReduceOp::RedOpType>(op)); }
constexpr bool isNumbered(int number, CTReduce op) { return number == static_cast<int>(op); }
static_assert(isNumbered(c10d::ReduceOp::SUM, CT_REDUCE_SUM) && isNumbered(c10d::ReduceOp::PRODUCT, CT_REDUCE_PRODUCT));
static_assert(isNumbered(c10d::ReduceOp::MIN, CT_REDUCE_MIN) && isNumbered(c10d::ReduceOp::MAX, CT_REDUCE_MAX));

struct GradientHook : torch::autograd::PostAccumulateGradHook {
  CTGradientHook hook;
  std::shared_ptr<void> context;
  GradientHook(CTGradientHook hook, std::shared_ptr<void> context) : hook(hook), context(std::move(context)) {}

  void operator()(const torch::autograd::Variable &) override {
    char *message = nullptr;
    if (hook(context.get(), &message) == 0) return;
    std::string text = message ? message : "a gradient hook failed";
    std::free(message);
    throw CallbackError(text);
  }
};

}  // namespace

extern "C" {

CTStore ct_store_tcp(const char *host, int32_t port, bool isServer, int64_t worldSize, int64_t timeout, CTError *error) {
  CT_TRY(nullptr, {
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(port);
    options.isServer = isServer;
    options.timeout = milliseconds(timeout);
    options.waitWorkers = worldSize > 0;
    if (worldSize > 0) options.numWorkers = static_cast<size_t>(worldSize);
    return giveStore(c10::make_intrusive<c10d::TCPStore>(std::string(host), options));
  })
}
CTStore ct_store_file(const char *path, int64_t worldSize, int64_t timeout, CTError *error) {
  CT_TRY(nullptr, {
    auto made = c10::make_intrusive<c10d::FileStore>(std::string(path), static_cast<int>(worldSize));
    made->setTimeout(milliseconds(timeout));
    return giveStore(std::move(made));
  })
}
CTStore ct_store_prefixed(CTStore handle, const char *prefix, CTError *error) {
  CT_TRY(nullptr, { return giveStore(c10::make_intrusive<c10d::PrefixStore>(std::string(prefix), shared(handle))); })
}
int32_t ct_store_port(CTStore handle) {
  auto *tcp = dynamic_cast<c10d::TCPStore *>(&store(handle));
  return tcp ? tcp->getPort() : 0;
}
int32_t ct_store_set(CTStore handle, const char *key, const char *value, CTError *error) {
  CT_TRY(-1, {
    store(handle).set(std::string(key), std::string(value));
    return 0;
  })
}
char *ct_store_get(CTStore handle, const char *key, int64_t timeout, CTError *error) {
  CT_TRY(nullptr, {
    store(handle).wait({std::string(key)}, milliseconds(timeout));
    return strdup(store(handle).get_to_str(key).c_str());
  })
}
int32_t ct_store_has(CTStore handle, const char *key, CTError *error) {
  CT_TRY(-1, { return store(handle).check({std::string(key)}) ? 1 : 0; })
}
void ct_store_release(CTStore handle) {
  liveHandles.fetch_sub(1, std::memory_order_relaxed);
  c10::intrusive_ptr<c10d::Store>::reclaim(reinterpret_cast<c10d::Store *>(handle));
}

CTGroup ct_group_gloo(
    CTStore handle, int32_t rank, int32_t size, int64_t timeout, const char *address, const char *interface, CTError *error) {
  CT_TRY(nullptr, {
    auto options = Group::Options::create(milliseconds(timeout));
    // Written by libtorch's own constructor: found only if the members before it are as large as libtorch thinks.
    TORCH_CHECK(
        options->threads == 2 && options->timeout == milliseconds(timeout) && options->devices.empty(),
        "libtorch's Gloo options are not laid out as its header says");
    options->devices.push_back(
        interface ? Group::createDeviceForInterface(interface)
        : address ? Group::createDeviceForHostname(address)
                  : Group::createDefaultDevice());
    auto made = c10::make_intrusive<Group>(shared(handle), rank, size, options);
    TORCH_CHECK(made->getRank() == rank && made->getSize() == size, "libtorch's Gloo group is not laid out as its header says");
    liveHandles.fetch_add(1, std::memory_order_relaxed);
    return reinterpret_cast<CTGroup>(made.release());
  })
}
void ct_group_release(CTGroup handle) {
  liveHandles.fetch_sub(1, std::memory_order_relaxed);
  c10::intrusive_ptr<Group>::reclaim(reinterpret_cast<Group *>(handle));
}

char *ct_address_towards(const char *host, int32_t port, CTError *error) {
  CT_TRY(nullptr, {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo *found = nullptr;
    const int status = getaddrinfo(host, std::to_string(port).c_str(), &hints, &found);
    TORCH_CHECK(status == 0, "the host ", host, " is not known: ", gai_strerror(status));
    std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    for (addrinfo *candidate = found; candidate; candidate = candidate->ai_next) {
      const int socketNumber = socket(candidate->ai_family, SOCK_DGRAM, 0);
      if (socketNumber < 0) continue;
      // Connecting a datagram socket sends nothing; it only looks up the way.
      sockaddr_storage local{};
      socklen_t length = sizeof(local);
      const bool isKnown = connect(socketNumber, candidate->ai_addr, candidate->ai_addrlen) == 0 &&
          getsockname(socketNumber, reinterpret_cast<sockaddr *>(&local), &length) == 0;
      close(socketNumber);
      char text[NI_MAXHOST];
      if (isKnown &&
          getnameinfo(reinterpret_cast<sockaddr *>(&local), length, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0) {
        return strdup(text);
      }
    }
    TORCH_CHECK(false, "no way leads to ", host);
  })
}

CTWork ct_all_reduce(CTGroup handle, CTTensor input, CTReduce op, int64_t timeout, CTError *error) {
  CT_TRY(nullptr, {
    std::vector<at::Tensor> list{tensor(input)};
    c10d::AllreduceOptions options;
    options.reduceOp = reduction(op);
    options.timeout = milliseconds(timeout);
    return giveWork(group(handle).allreduce(list, options));
  })
}
CTWork ct_broadcast(CTGroup handle, CTTensor input, int32_t root, int64_t timeout, CTError *error) {
  CT_TRY(nullptr, {
    std::vector<at::Tensor> list{tensor(input)};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    options.timeout = milliseconds(timeout);
    return giveWork(group(handle).broadcast(list, options));
  })
}
CTWork ct_all_gather(CTGroup handle, CTTensor output, CTTensor input, int64_t timeout, CTError *error) {
  CT_TRY(nullptr, {
    at::Tensor into = tensor(output), from = tensor(input);
    c10d::AllgatherOptions options;
    options.timeout = milliseconds(timeout);
    return giveWork(group(handle)._allgather_base(into, from, options));
  })
}
CTWork ct_reduce_scatter(CTGroup handle, CTTensor output, CTTensor input, CTReduce op, int64_t timeout, CTError *error) {
  CT_TRY(nullptr, {
    at::Tensor into = tensor(output), from = tensor(input);
    c10d::ReduceScatterOptions options;
    options.reduceOp = reduction(op);
    options.timeout = milliseconds(timeout);
    return giveWork(group(handle)._reduce_scatter_base(into, from, options));
  })
}
CTWork ct_barrier(CTGroup handle, int64_t timeout, CTError *error) {
  CT_TRY(nullptr, {
    c10d::BarrierOptions options;
    options.timeout = milliseconds(timeout);
    return giveWork(group(handle).barrier(options));
  })
}

int32_t ct_work_wait(CTWork handle, CTError *error) {
  CT_TRY(-1, {
    TORCH_CHECK(work(handle).wait(), "the collective was given up");
    return 0;
  })
}
bool ct_work_is_done(CTWork handle) {
  try {
    return work(handle).isCompleted();
  } catch (...) {
    return true;
  }
}
void ct_work_release(CTWork handle) {
  liveHandles.fetch_sub(1, std::memory_order_relaxed);
  c10::intrusive_ptr<c10d::Work>::reclaim(reinterpret_cast<c10d::Work *>(handle));
}

int32_t ct_set_gradient_hook(CTTensor leaf, CTGradientHook hook, void *context, void (*release)(void *), CTError *error) {
  CT_TRY(-1, {
    auto owner = std::shared_ptr<void>(context, release);
    TORCH_CHECK(tensor(leaf).is_leaf() && tensor(leaf).requires_grad(), "only a leaf that requires a gradient has one to wait for");
    torch::autograd::impl::set_post_acc_grad_hooks(tensor(leaf), std::make_unique<GradientHook>(hook, std::move(owner)));
    return 0;
  })
}
int32_t ct_remove_gradient_hook(CTTensor leaf, CTError *error) {
  CT_TRY(-1, {
    torch::autograd::impl::set_post_acc_grad_hooks(tensor(leaf), nullptr);
    return 0;
  })
}

}
