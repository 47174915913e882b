// A whole step of a decoder: tokens in, keys and values kept, logits out.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "kernels.h"
#include "team.h"

using namespace cg;

namespace {

constexpr int64_t rowsTogether = 64;  // of a product: their left side stays in the cache

struct Free {
  void operator()(void *memory) const { std::free(memory); }
};
template <class Number>
using Memory = std::unique_ptr<Number[], Free>;

template <class Number>
Memory<Number> memory(int64_t count) {
  const int64_t bytes = roundUp(count * static_cast<int64_t>(sizeof(Number)) + 64, 64);
  auto *address = static_cast<Number *>(std::aligned_alloc(64, static_cast<size_t>(bytes)));
  if (address == nullptr) throw std::bad_alloc();
  std::memset(static_cast<void *>(address), 0, static_cast<size_t>(bytes));
  return Memory<Number>(address);
}

int64_t blocksOf(int64_t columns) { return (columns + blockColumns - 1) / blockColumns; }

// Rows of floats and the bytes that they round to.
struct Side {
  Memory<float> values;
  Memory<int8_t> bytes;
  Memory<float> scales;
  Memory<float> sums;
  int64_t columns = 0;
  int64_t stride = 0;

  void allocate(int64_t rows, int64_t width, bool whole) {
    columns = width;
    stride = roundUp(width, 32);
    values = memory<float>(rows * stride);
    if (whole) {
      bytes = memory<int8_t>(rows * blocksOf(width) * blockColumns);
      scales = memory<float>(rows * blocksOf(width) * 2);
      sums = memory<float>(rows * blocksOf(width));
    }
  }
  float *row(int64_t index) { return values.get() + index * stride; }
  void round(const Kernels &kernels, int64_t index) {
    const int64_t blocks = blocksOf(columns);
    kernels.round(row(index), columns, blocks, bytes.get() + index * blocks * blockColumns, scales.get() + index * blocks * 2,
                  sums.get() + index * blocks);
  }
  Input input() const { return {values.get(), stride, bytes.get(), scales.get(), sums.get(), blocksOf(columns)}; }
};

Input from(const Input &input, int64_t row) {
  Input result = input;
  result.values += row * input.stride;
  if (input.bytes != nullptr) {
    result.bytes += row * input.blocks * blockColumns;
    result.scales += row * input.blocks * 2;
    result.sums += row * input.blocks;
  }
  return result;
}

// A product shared by the team. Many rows are taken in groups for each part of the matrix.
void multiply(Team &team, const Kernels &kernels, const CGMatrix *matrix, const Input &input, int64_t rows, const Output &out) {
  const int64_t pairs = matrix->panels / 2;
  const int64_t grain = std::max<int64_t>(1, pairs / (team.size() * 6));
  team.phase(pairs, team.size() == 1 ? pairs : grain, [&](int64_t first, int64_t end) {
    constexpr int64_t pairsTogether = 4;
    for (int64_t pair = first; pair < end; pair += pairsTogether) {
      const int64_t last = std::min(pair + pairsTogether, end);
      for (int64_t row = 0; row < rows; row += rowsTogether) {
        Output part = out;
        part.values += row * out.stride;
        kernels.product(matrix, from(input, row), std::min(rowsTogether, rows - row), pair, last, part);
      }
    }
  });
}

// Rows of one sequence that attend together.
struct Tile {
  int64_t row;
  int64_t rows;
};

}  // namespace

struct CGWorkspace {
  CGWorkspace(const CGDecoder *decoder, int64_t rows, int threads) : rows(rows), team(threads) {
    bool whole = decoder->head->whole();
    for (int64_t i = 0; i < decoder->layerCount; i++) {
      const CGLayer &layer = decoder->layers[i];
      whole = whole || layer.queryKeyValue->whole() || layer.attentionOutput->whole() || layer.gateUp->whole() || layer.down->whole();
    }
    const int64_t width = decoder->heads * decoder->headSize;
    x = memory<float>(rows * decoder->hidden);
    normed.allocate(rows, decoder->hidden, whole);
    attended.allocate(rows, width, whole);
    gated.allocate(rows, decoder->feedForward, whole);
    queries = memory<float>(rows * (width + 2 * decoder->keyValueHeads * decoder->headSize));
    angles = memory<float>(rows * std::max<int64_t>(decoder->rotary, 1));
    scratch.resize(static_cast<size_t>(team.size()));
  }

  int64_t rows;
  Team team;
  Memory<float> x, queries, angles;
  Side normed, attended, gated;
  std::vector<std::vector<float>> scratch;
};

CGWorkspace *cg_workspace_create(const CGDecoder *decoder, int64_t rows, int32_t threads) {
  try {
    return new CGWorkspace(decoder, rows, threads);
  } catch (...) {
    return nullptr;
  }
}

void cg_workspace_free(CGWorkspace *workspace) { delete workspace; }

int64_t cg_page_bytes(const CGDecoder *decoder) {
  return decoder->layerCount * decoder->keyValueHeads * 2 * decoder->headSize * CG_PAGE_TOKENS * (decoder->halfCache ? 2 : 4);
}

const char *cg_instructions(void) { return kernels().name; }

const Kernels &cg::kernels() {
#if defined(__x86_64__)
  static const Kernels &best = [&]() -> const Kernels & {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni")) {
      return avx512Kernels;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) return avx2Kernels;
    return plainKernels;
  }();
  return best;
#else
  return plainKernels;
#endif
}

namespace {

std::vector<Tile> tiles(const CGDecoder *decoder, const CGStep *step) {
  std::vector<Tile> result;
  const int64_t most = attentionRows(decoder);
  for (int64_t row = 0; row < step->rows; row++) {
    if (!result.empty() && result.back().rows < most && step->pages[row] == step->pages[row - 1] &&
        step->positions[row] == step->positions[row - 1] + 1) {
      result.back().rows++;
    } else {
      result.push_back({row, 1});
    }
  }
  return result;
}

void layers(const CGDecoder *decoder, CGWorkspace *work, const CGStep *step, const std::vector<Tile> &tiles, int member) {
  const Kernels &k = kernels();
  Team &team = work->team;
  const int64_t rows = step->rows, hidden = decoder->hidden, half = decoder->rotary / 2;
  const int64_t width = decoder->heads * decoder->headSize, stride = width + 2 * decoder->keyValueHeads * decoder->headSize;
  float *x = work->x.get(), *queries = work->queries.get();
  const int64_t rowGrain = rows >= 64 ? 8 : 1;

  team.phase(rows, rowGrain, [&](int64_t first, int64_t end) {
    for (int64_t row = first; row < end; row++) {
      cg_matrix_row(decoder->embedding, step->tokens[row], x + row * hidden);
      float *cosines = work->angles.get() + row * decoder->rotary, *sines = cosines + half;
      for (int64_t i = 0; i < half; i++) {
        const float angle = decoder->inverseFrequencies[i] * static_cast<float>(step->positions[row]);
        cosines[i] = std::cos(angle) * decoder->rotaryScale;
        sines[i] = std::sin(angle) * decoder->rotaryScale;
      }
    }
  });
  auto norm = [&](const float *weight, bool whole) {
    team.phase(rows, rowGrain, [&](int64_t first, int64_t end) {
      for (int64_t row = first; row < end; row++) {
        k.normalize(x + row * hidden, weight, hidden, decoder->epsilon, work->normed.row(row));
        if (whole) work->normed.round(k, row);
      }
    });
  };
  auto rounded = [&](Side &side, bool whole) {
    if (!whole) return;
    team.phase(rows, rowGrain, [&](int64_t first, int64_t end) {
      for (int64_t row = first; row < end; row++) side.round(k, row);
    });
  };
  for (int64_t index = 0; index < decoder->layerCount; index++) {
    const CGLayer &layer = decoder->layers[index];
    norm(layer.attentionNorm, layer.queryKeyValue->whole());
    multiply(team, k, layer.queryKeyValue, work->normed.input(), rows, {queries, stride, layer.queryKeyValueBias, Ending::store});
    team.phase(rows, rowGrain, [&](int64_t first, int64_t end) {
      for (int64_t row = first; row < end; row++) {
        const float *cosines = work->angles.get() + row * decoder->rotary;
        k.keep(decoder, &layer, index, queries + row * stride, cosines, cosines + half, step->positions[row], step->pages[row]);
      }
    });
    const int64_t items = static_cast<int64_t>(tiles.size()) * decoder->keyValueHeads;
    team.phase(items, 1, [&](int64_t first, int64_t end) {
      for (int64_t item = first; item < end; item++) {
        const Tile &tile = tiles[static_cast<size_t>(item / decoder->keyValueHeads)];
        const Attention attention = {
            queries + tile.row * stride, stride, tile.rows, step->positions[tile.row], step->pages[tile.row], index,
            item % decoder->keyValueHeads, layer.window, work->attended.row(tile.row), work->attended.stride,
            work->scratch[static_cast<size_t>(member)].data()};
        k.attend(decoder, attention);
      }
    });
    rounded(work->attended, layer.attentionOutput->whole());
    multiply(team, k, layer.attentionOutput, work->attended.input(), rows, {x, hidden, layer.outputBias, Ending::add});
    norm(layer.feedForwardNorm, layer.gateUp->whole());
    multiply(team, k, layer.gateUp, work->normed.input(), rows,
             {work->gated.values.get(), work->gated.stride, layer.gateUpBias, Ending::gate});
    rounded(work->gated, layer.down->whole());
    multiply(team, k, layer.down, work->gated.input(), rows, {x, hidden, layer.downBias, Ending::add});
  }
  // Only the rows that somebody asks for go on; their number is small, so they take the first places.
  team.phase(step->outputs, 1, [&](int64_t first, int64_t end) {
    for (int64_t i = first; i < end; i++) {
      k.normalize(x + step->outputRows[i] * hidden, decoder->norm, hidden, decoder->epsilon, work->normed.row(i));
      if (decoder->head->whole()) work->normed.round(k, i);
    }
  });
  if (step->outputs > 0) {
    multiply(team, k, decoder->head, work->normed.input(), step->outputs, {step->logits, decoder->vocabulary, nullptr, Ending::store});
  }
}

}  // namespace

int32_t cg_step(const CGDecoder *decoder, CGWorkspace *workspace, const CGStep *step) {
  try {
    int64_t length = 0;
    for (int64_t row = 0; row < step->rows; row++) length = std::max<int64_t>(length, step->positions[row] + 1);
    for (auto &scratch : workspace->scratch) {
      const auto needed = static_cast<size_t>(attentionScratch(decoder, length));
      if (scratch.size() < needed) scratch.resize(needed * 2);
    }
    const std::vector<Tile> together = tiles(decoder, step);
    auto task = [&](int member) { layers(decoder, workspace, step, together, member); };
    workspace->team.run(task);
    return 0;
  } catch (...) {
    return 1;
  }
}

int32_t cg_product(const CGMatrix *matrix, const float *input, int64_t rows, float *out) {
  try {
    Side side;
    side.allocate(rows, matrix->columns, matrix->whole());
    for (int64_t row = 0; row < rows; row++) {
      std::memcpy(side.row(row), input + row * matrix->columns, static_cast<size_t>(matrix->columns) * sizeof(float));
      if (matrix->whole()) side.round(kernels(), row);
    }
    kernels().product(matrix, side.input(), rows, 0, matrix->panels / 2, {out, matrix->rows, nullptr, Ending::store});
    return 0;
  } catch (...) {
    return 1;
  }
}
