// Products of rows with packed matrices. Included inside the namespace of one instruction set, after lanes.h.

constexpr int tall = 8;  // rows that share the registers of one panel

template <int R, bool half>
CG_INLINE void floatTile(const CGMatrix *matrix, int64_t pair, const float *x, int64_t stride, F16 *out) {
  const uint8_t *left = matrix->panel(2 * pair), *right = matrix->panel(2 * pair + 1);
  F16 a[R] = {}, b[R] = {};
  for (int64_t k = 0; k < matrix->columns; k++) {
    F16 first, second;
    if constexpr (half) {
      first = loadBFloat16(reinterpret_cast<const uint16_t *>(left) + k * 16);
      second = loadBFloat16(reinterpret_cast<const uint16_t *>(right) + k * 16);
    } else {
      first = load(reinterpret_cast<const float *>(left) + k * 16);
      second = load(reinterpret_cast<const float *>(right) + k * 16);
    }
    for (int r = 0; r < R; r++) {
      const F16 value = splat(x[r * stride + k]);
      a[r] = fused(first, value, a[r]);
      b[r] = fused(second, value, b[r]);
    }
  }
  for (int r = 0; r < R; r++) {
    out[r] = a[r];
    out[R + r] = b[r];
  }
}

template <int R, bool four>
CG_INLINE void wholePanel(const uint8_t *panel, const Input &input, int64_t row, F16 *out) {
  const int64_t blocks = input.blocks;
  const int8_t *bytes = input.bytes + row * blocks * blockColumns;
  const float *scales = input.scales + row * blocks * 2, *sums = input.sums + row * blocks;
  F16 total[R] = {};
  for (int64_t b = 0; b < blocks; b++) {
    const uint8_t *block = panel + b * (four ? int4BlockBytes : int8BlockBytes);
    __builtin_prefetch(block + 2048);
    const F16 scale = load(reinterpret_cast<const _Float16 *>(block)), offset = load(reinterpret_cast<const _Float16 *>(block + 32));
    const I16 *numbers = reinterpret_cast<const I16 *>(block + scaleBytes);
    I16 whole[8];
    if constexpr (four) {
      for (int j = 0; j < 4; j++) {
        whole[j] = numbers[j] & 0x0f0f0f0f;
        whole[j + 4] = (numbers[j] >> 4) & 0x0f0f0f0f;
      }
    } else {
      for (int j = 0; j < 8; j++) whole[j] = numbers[j];
    }
    for (int r = 0; r < R; r++) {
      const int8_t *from = bytes + (r * blocks + b) * blockColumns;
      const float *own = scales + (r * blocks + b) * 2;
      I16 low = {}, high = {};
      for (int j = 0; j < 4; j++) {
        low = dot4(low, whole[j], from + 4 * j);
        high = dot4(high, whole[j + 4], from + 4 * j + 16);
      }
      F16 dot = __builtin_convertvector(low, F16) * splat(own[0]);
      dot = fused(__builtin_convertvector(high, F16), splat(own[1]), dot);
      total[r] = fused(dot, scale, total[r]);
      total[r] = fused(offset, splat(sums[r * blocks + b]), total[r]);
    }
  }
  for (int r = 0; r < R; r++) out[r] = total[r];
}

CG_INLINE void put(const CGMatrix *matrix, int64_t panel, F16 value, float *to, const Output &out) {
  const int64_t first = panel * panelRows;
  if (first + panelRows <= matrix->rows) {
    if (out.bias != nullptr) value += load(out.bias + first);
    if (out.ending == Ending::add) value += load(to + first);
    if (out.ending == Ending::activate) value = activated(value, out.activation);
    store(to + first, value);
    return;
  }
  if (out.ending == Ending::activate) {
    float bias[16] = {};
    for (int64_t i = first; i < matrix->rows && out.bias != nullptr; i++) bias[i - first] = out.bias[i];
    value = activated(value + load(bias), out.activation);
    for (int64_t i = first; i < matrix->rows; i++) to[i] = value[i - first];
    return;
  }
  for (int64_t i = first; i < matrix->rows; i++) {
    float one = value[i - first];
    if (out.bias != nullptr) one += out.bias[i];
    if (out.ending == Ending::add) one += to[i];
    to[i] = one;
  }
}

template <int R>
CG_INLINE void productTile(const CGMatrix *matrix, const Input &input, int64_t row, int64_t pair, const Output &out) {
  F16 tile[2 * R];
  switch (matrix->kind) {
    case CG_FLOAT32: floatTile<R, false>(matrix, pair, input.values + row * input.stride, input.stride, tile); break;
    case CG_BFLOAT16: floatTile<R, true>(matrix, pair, input.values + row * input.stride, input.stride, tile); break;
    case CG_INT8:
      wholePanel<R, false>(matrix->panel(2 * pair), input, row, tile);
      wholePanel<R, false>(matrix->panel(2 * pair + 1), input, row, tile + R);
      break;
    default:
      wholePanel<R, true>(matrix->panel(2 * pair), input, row, tile);
      wholePanel<R, true>(matrix->panel(2 * pair + 1), input, row, tile + R);
      break;
  }
  for (int r = 0; r < R; r++) {
    float *to = out.values + (row + r) * out.stride;
    if (out.ending == Ending::gate) {
      F16 gate = tile[r], up = tile[R + r];
      if (out.bias != nullptr) {
        gate += load(out.bias + 2 * pair * panelRows);
        up += load(out.bias + (2 * pair + 1) * panelRows);
      }
      store(to + pair * panelRows, activated(gate, out.activation) * up);
    } else {
      put(matrix, 2 * pair, tile[r], to, out);
      put(matrix, 2 * pair + 1, tile[R + r], to, out);
    }
  }
}

void product(const CGMatrix *matrix, const Input &input, int64_t rows, int64_t firstPair, int64_t endPair, const Output &out) {
  for (int64_t pair = firstPair; pair < endPair; pair++) {
    for (int64_t row = 0; row < rows; row += tall) {
      switch (rows - row) {
        case 1: productTile<1>(matrix, input, row, pair, out); break;
        case 2: productTile<2>(matrix, input, row, pair, out); break;
        case 3: productTile<3>(matrix, input, row, pair, out); break;
        case 4: productTile<4>(matrix, input, row, pair, out); break;
        case 5: productTile<5>(matrix, input, row, pair, out); break;
        case 6: productTile<6>(matrix, input, row, pair, out); break;
        case 7: productTile<7>(matrix, input, row, pair, out); break;
        default: productTile<tall>(matrix, input, row, pair, out); break;
      }
    }
  }
}

void normalize(const float *x, const float *weight, int64_t count, float epsilon, float *out) {
  F16 squares = {};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) squares = fused(load(x + i), load(x + i), squares);
  float total = sum(squares);
  for (; i < count; i++) total += x[i] * x[i];
  const float factor = 1.0f / std::sqrt(total / static_cast<float>(count) + epsilon);
  for (i = 0; i + 16 <= count; i += 16) store(out + i, load(x + i) * splat(factor) * load(weight + i));
  for (; i < count; i++) out[i] = x[i] * factor * weight[i];
}

void centre(const float *x, const float *weight, const float *bias, int64_t count, float epsilon, float *out) {
  F16 totals = {};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) totals += load(x + i);
  float total = sum(totals);
  for (; i < count; i++) total += x[i];
  const float mean = total / static_cast<float>(count);
  F16 squares = {};
  for (i = 0; i + 16 <= count; i += 16) {
    const F16 away = load(x + i) - splat(mean);
    squares = fused(away, away, squares);
  }
  total = sum(squares);
  for (; i < count; i++) total += (x[i] - mean) * (x[i] - mean);
  const float factor = 1.0f / std::sqrt(total / static_cast<float>(count) + epsilon);
  for (i = 0; i + 16 <= count; i += 16) {
    F16 value = (load(x + i) - splat(mean)) * splat(factor) * load(weight + i);
    if (bias != nullptr) value += load(bias + i);
    store(out + i, value);
  }
  for (; i < count; i++) out[i] = (x[i] - mean) * factor * weight[i] + (bias != nullptr ? bias[i] : 0);
}

// Bytes from -127 to 127; what lies past the end is zero.
void round(const float *x, int64_t count, int64_t blocks, int8_t *bytes, float *scales, float *sums) {
  for (int64_t b = 0; b < blocks; b++) {
    float filled[32];
    const float *from = x + b * blockColumns;
    if ((b + 1) * blockColumns > count) {
      for (int64_t k = 0; k < 32; k++) filled[k] = b * blockColumns + k < count ? from[k] : 0;
      from = filled;
    }
    sums[b] = 0;
    for (int half = 0; half < 2; half++) {
      const F16 values = load(from + 16 * half);
      const float most = largest(larger(values, -values));
      const float scale = most / 127.0f, inverse = most > 0 ? 127.0f / most : 0;
      typedef int8_t Bytes __attribute__((vector_size(16), aligned(1)));
      const I16 whole = __builtin_convertvector(__builtin_elementwise_roundeven(values * splat(inverse)), I16);
      *reinterpret_cast<Bytes *>(bytes + b * 32 + 16 * half) = __builtin_convertvector(whole, Bytes);
      scales[b * 2 + half] = scale;
      sums[b] += scale * static_cast<float>(__builtin_reduce_add(whole));
    }
  }
}
