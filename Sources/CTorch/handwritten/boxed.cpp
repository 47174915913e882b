#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <cstring>
#include <sstream>

#include "../include/ctorch_handwritten.h"
#include "../support.h"

using namespace ct;

namespace {

c10::OperatorHandle *operatorOf(CTOperator op) { return reinterpret_cast<c10::OperatorHandle *>(op); }

c10::IValue toIValue(const CTValue &value, const c10::TypePtr &type) {
  const size_t count = value.count < 0 ? 0 : static_cast<size_t>(value.count);
  switch (value.kind) {
    case CT_VALUE_NONE: return c10::IValue();
    case CT_VALUE_TENSOR: return value.u.tensor ? c10::IValue(tensor(value.u.tensor)) : c10::IValue();
    case CT_VALUE_SCALAR: {
      auto number = scalar(value.u.scalar);
      auto wanted = type;
      if (auto optionalType = type->cast<c10::OptionalType>()) wanted = optionalType->getElementType();
      // A whole number is welcome where the operator takes a floating-point one.
      if (wanted->kind() == c10::TypeKind::FloatType && number.isIntegral(false)) return c10::IValue(number.toDouble());
      return c10::IValue(number);
    }
    case CT_VALUE_INTS: return c10::IValue(at::IntArrayRef(value.u.ints, count));
    case CT_VALUE_DOUBLES: return c10::IValue(std::vector<double>(value.u.doubles, value.u.doubles + count));
    case CT_VALUE_BOOLS: {
      c10::List<bool> list;
      for (size_t i = 0; i < count; i++) list.push_back(value.u.bools[i]);
      return c10::IValue(list);
    }
    case CT_VALUE_TENSORS: {
      const CTTensors list{value.u.tensors, value.count};
      bool optionalItems = false;
      if (auto listType = type->cast<c10::ListType>())
        optionalItems = listType->getElementType()->kind() == c10::TypeKind::OptionalType;
      return optionalItems ? c10::IValue(optionalTensors(list)) : c10::IValue(tensors(list));
    }
    case CT_VALUE_STRING: return c10::IValue(std::string(value.u.string, count));
    case CT_VALUE_DEVICE: return c10::IValue(device(value.u.device));
    case CT_VALUE_DTYPE: return c10::IValue(static_cast<int64_t>(value.u.dtype));
    case CT_VALUE_GENERATOR: return value.u.generator ? c10::IValue(*optionalGenerator(value.u.generator)) : c10::IValue();
    case CT_VALUE_OPAQUE: return *reinterpret_cast<c10::IValue *>(value.u.opaque);
  }
  TORCH_CHECK(false, "unknown kind of value ", static_cast<int>(value.kind));
}

template <typename Element>
Element *copyList(const std::vector<Element> &list) {
  auto *memory = static_cast<Element *>(std::malloc(std::max<size_t>(1, list.size() * sizeof(Element))));
  if (memory == nullptr) throw std::bad_alloc();
  std::copy(list.begin(), list.end(), memory);
  return memory;
}

CTValue fromIValue(c10::IValue &&value) {
  CTValue result{};
  if (value.isNone()) {
    result.kind = CT_VALUE_NONE;
  } else if (value.isTensor()) {
    TORCH_CHECK(!value.toTensor().defined() || !value.toTensor().is_nested(), "nested tensors have no plain shape and are not supported");
    result.kind = CT_VALUE_TENSOR;
    result.u.tensor = ownOrNull(std::move(value).toTensor());
  } else if (value.isScalar() || value.isBool()) {
    result.kind = CT_VALUE_SCALAR;
    result.u.scalar = scalar(value.toScalar());
  } else if (value.isTensorList()) {
    auto list = own(value.toTensorVector());
    result.kind = CT_VALUE_TENSORS;
    result.count = list.count;
    result.u.tensors = list.items;
  } else if (value.isIntList()) {
    auto list = value.toIntVector();
    result.kind = CT_VALUE_INTS;
    result.count = static_cast<int64_t>(list.size());
    result.u.ints = copyList(list);
  } else if (value.isDoubleList()) {
    auto list = value.toDoubleVector();
    result.kind = CT_VALUE_DOUBLES;
    result.count = static_cast<int64_t>(list.size());
    result.u.doubles = copyList(list);
  } else if (value.isString()) {
    const auto &text = value.toStringRef();
    result.kind = CT_VALUE_STRING;
    result.count = static_cast<int64_t>(text.size());
    result.u.string = strdup(text.c_str());
  } else {
    result.kind = CT_VALUE_OPAQUE;
    result.u.opaque = reinterpret_cast<CTOpaque>(new c10::IValue(std::move(value)));
    liveHandles.fetch_add(1, std::memory_order_relaxed);
  }
  return result;
}

// Gives back a result that nobody will receive.
void release(const CTValue &value) {
  switch (value.kind) {
    case CT_VALUE_TENSOR:
      if (value.u.tensor) ct_tensor_release(value.u.tensor);
      break;
    case CT_VALUE_TENSORS:
      for (int64_t i = 0; i < value.count; i++)
        if (value.u.tensors[i]) ct_tensor_release(value.u.tensors[i]);
      std::free(const_cast<CTTensor *>(value.u.tensors));
      break;
    case CT_VALUE_INTS: std::free(const_cast<int64_t *>(value.u.ints)); break;
    case CT_VALUE_DOUBLES: std::free(const_cast<double *>(value.u.doubles)); break;
    case CT_VALUE_STRING: std::free(const_cast<char *>(value.u.string)); break;
    case CT_VALUE_OPAQUE:
      if (value.u.opaque) ct_opaque_release(value.u.opaque);
      break;
    default: break;
  }
}

}  // namespace

extern "C" {

CTOperator ct_operator_find(const char *name, const char *overload, CTError *error) {
  CT_TRY(nullptr, {
    auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
    TORCH_CHECK(handle.has_value(), "libtorch has no operator ", name, *overload ? "." : "", overload);
    return reinterpret_cast<CTOperator>(new c10::OperatorHandle(*handle));
  })
}
char *ct_operator_schema(CTOperator op, CTError *error) {
  CT_TRY(nullptr, {
    std::ostringstream text;
    text << operatorOf(op)->schema();
    return strdup(text.str().c_str());
  })
}
int64_t ct_operator_argument_count(CTOperator op) { return static_cast<int64_t>(operatorOf(op)->schema().arguments().size()); }
char *ct_operator_argument_name(CTOperator op, int64_t index) {
  return strdup(operatorOf(op)->schema().arguments()[static_cast<size_t>(index)].name().c_str());
}

int64_t ct_operator_call(
    CTOperator op, const CTValue *arguments, int64_t count, CTValue *results, int64_t capacity, CTError *error) {
  CT_TRY(-1, {
    const auto &schema = operatorOf(op)->schema();
    TORCH_CHECK(
        count <= static_cast<int64_t>(schema.arguments().size()), schema.name(), " takes ", schema.arguments().size(),
        " arguments, not ", count);
    torch::jit::Stack stack;
    stack.reserve(schema.arguments().size());
    for (size_t i = 0; i < schema.arguments().size(); i++) {
      const auto &argument = schema.arguments()[i];
      const bool given = static_cast<int64_t>(i) < count && !(arguments[i].kind == CT_VALUE_NONE && arguments[i].count == -1);
      if (given) {
        stack.push_back(toIValue(arguments[i], argument.type()));
      } else {
        TORCH_CHECK(argument.default_value().has_value(), schema.name(), " needs its argument '", argument.name(), "'");
        stack.push_back(*argument.default_value());
      }
    }
    schema.checkAndNormalizeInputs(stack);
    operatorOf(op)->callBoxed(stack);
    TORCH_CHECK(static_cast<int64_t>(stack.size()) <= capacity, schema.name(), " gave ", stack.size(), " results");
    int64_t made = 0;
    try {
      for (auto &value : stack) {
        results[made] = fromIValue(std::move(value));
        made++;
      }
    } catch (...) {
      while (made > 0) release(results[--made]);
      throw;
    }
    return made;
  })
}
void ct_opaque_release(CTOpaque value) {
  liveHandles.fetch_sub(1, std::memory_order_relaxed);
  delete reinterpret_cast<c10::IValue *>(value);
}
char *ct_opaque_type(CTOpaque value) {
  try {
    return strdup(reinterpret_cast<c10::IValue *>(value)->type()->str().c_str());
  } catch (...) {
    return nullptr;
  }
}

}
