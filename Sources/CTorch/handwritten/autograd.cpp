#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/csrc/autograd/variable.h>

#include "../include/ctorch_handwritten.h"
#include "../support.h"
#include "callback_error.h"

using namespace ct;
using torch::autograd::variable_list;

namespace {

// A Swift closure's context, released when the last user lets go.
std::shared_ptr<void> adopt(void *context, void (*release)(void *)) { return std::shared_ptr<void>(context, release); }

[[noreturn]] void throwCallback(char *message) {
  std::string text = message ? message : "a callback failed";
  std::free(message);
  throw CallbackError(text);
}

at::Tensor take(CTTensor _Nullable handle) {
  if (handle == nullptr) return at::Tensor();
  liveHandles.fetch_sub(1, std::memory_order_relaxed);
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(reinterpret_cast<c10::TensorImpl *>(handle)));
}

// The graph node of a user's own differentiable function.
struct SwiftNode : torch::autograd::Node {
  CTBackward backward = nullptr;
  std::shared_ptr<void> context;
  std::vector<torch::autograd::SavedVariable> saved;
  size_t inputCount = 0;

  variable_list apply(variable_list &&gradients) override {
    // Unpacking throws for a graph that is gone and for a saved tensor that was changed: before any handle is given out.
    std::vector<at::Tensor> unpacked;
    for (auto &variable : saved) unpacked.push_back(variable.unpack(c10::intrusive_ptr<Node>::unsafe_reclaim_from_nonowning(this)));
    std::vector<CTTensor> incoming, kept, results(inputCount, nullptr);
    for (auto &gradient : gradients) incoming.push_back(ownOrNull(gradient));
    for (auto &variable : unpacked) kept.push_back(ownOrNull(std::move(variable)));
    char *message = nullptr;
    const int32_t status = backward(
        context.get(), incoming.data(), incoming.size(), kept.data(), kept.size(), results.data(), results.size(), &message);
    variable_list values;
    for (auto handle : results) values.push_back(take(handle));
    if (status != 0) throwCallback(message);
    return values;
  }
  void release_variables() override {
    for (auto &variable : saved) variable.reset_data();
  }
  std::string name() const override { return "DifferentiableFunction"; }
};

}  // namespace

extern "C" {

bool ct_requires_grad(CTTensor handle) { return tensor(handle).requires_grad(); }
int32_t ct_set_requires_grad(CTTensor handle, bool value, CTError *error) {
  CT_TRY(-1, {
    tensor(handle).set_requires_grad(value);
    return 0;
  })
}
bool ct_is_leaf(CTTensor handle) { return tensor(handle).is_leaf(); }
char *ct_grad_fn_name(CTTensor handle) {
  try {
    const auto &function = tensor(handle).grad_fn();
    if (!function) return nullptr;
    auto name = function->name();
    const auto scope = name.rfind("::");
    return strdup((scope == std::string::npos ? name : name.substr(scope + 2)).c_str());
  } catch (...) {
    return strdup("Invalid");
  }
}
int32_t ct_retain_grad(CTTensor handle, CTError *error) {
  CT_TRY(-1, {
    tensor(handle).retain_grad();
    return 0;
  })
}
CTTensor ct_grad(CTTensor handle) {
  const at::Tensor &gradient = tensor(handle).grad();
  return gradient.defined() ? own(at::Tensor(gradient)) : nullptr;
}
int32_t ct_set_grad(CTTensor handle, CTTensor gradient, CTError *error) {
  CT_TRY(-1, {
    tensor(handle).mutable_grad() = gradient ? tensor(gradient) : at::Tensor();
    return 0;
  })
}

int32_t ct_backward(CTTensors outputs, CTTensors gradients, bool retain, bool create, CTTensors inputs, CTError *error) {
  CT_TRY(-1, {
    // Without retaining, a graph that creates a graph would free what the second order needs.
    torch::autograd::backward(tensors(outputs), tensors(gradients), retain || create, create, tensors(inputs));
    return 0;
  })
}

int32_t ct_gradients(
    CTTensors outputs, CTTensors inputs, CTTensors gradients, bool retain, bool create, bool allowUnused, CTTensor *results,
    CTError *error) {
  CT_TRY(-1, {
    auto values =
        torch::autograd::grad(tensors(outputs), tensors(inputs), tensors(gradients), retain || create, create, allowUnused);
    for (int64_t i = 0; i < inputs.count; i++) results[i] = ownOrNull(std::move(values[i]));
    return 0;
  })
}

int64_t ct_register_hook(CTTensor handle, CTHook hook, void *context, void (*release)(void *), CTError *error) {
  try {
    auto owner = adopt(context, release);
    return tensor(handle).register_hook([hook, owner](const at::Tensor &gradient) -> at::Tensor {
      // One of several outputs of an operation may have no gradient; there is nothing to show then.
      if (!gradient.defined()) return gradient;
      CTTensor replacement = nullptr;
      char *message = nullptr;
      if (hook(owner.get(), own(at::Tensor(gradient)), &replacement, &message) != 0) throwCallback(message);
      return replacement ? take(replacement) : gradient;
    });
  } catch (...) {
    ct::report(error);
    return -1;
  }
}
int32_t ct_remove_hook(CTTensor handle, int64_t position, CTError *error) {
  CT_TRY(-1, {
    tensor(handle).remove_hook(static_cast<unsigned>(position));
    return 0;
  })
}

int32_t ct_custom_function(
    CTTensors inputs, CTTensors outputs, CTTensors saved, CTBackward backward, void *context, void (*release)(void *),
    CTTensor *results, CTError *error) {
  try {
    auto owner = adopt(context, release);
    auto given = tensors(inputs);
    std::vector<at::Tensor> made;
    // Fresh variables over the same data: an output may be an input handed through.
    for (auto &output : tensors(outputs)) made.push_back(output.detach());
    const bool differentiable = c10::GradMode::is_enabled() && torch::autograd::any_variable_requires_grad(given);
    if (differentiable) {
      auto node = c10::make_intrusive<SwiftNode>();
      node->backward = backward;
      node->context = owner;
      node->inputCount = given.size();
      node->set_next_edges(torch::autograd::collect_next_edges(given));
      for (auto &output : made) {
        if (torch::autograd::isDifferentiableType(output.scalar_type())) torch::autograd::set_history(output, node);
        else node->add_input_metadata(torch::autograd::Node::undefined_input());
      }
      for (auto &variable : tensors(saved)) {
        bool isOutput = false;
        for (size_t i = 0; i < made.size(); i++) {
          if (outputs.items[i] && variable.is_same(tensor(outputs.items[i]))) {
            node->saved.emplace_back(made[i], true);
            isOutput = true;
            break;
          }
        }
        if (!isOutput) node->saved.emplace_back(variable, false);
      }
    }
    for (size_t i = 0; i < made.size(); i++) results[i] = own(std::move(made[i]));
    return 0;
  } catch (...) {
    ct::report(error);
    return -1;
  }
}

}
