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
  CGWorkspace(const CGDecoder *decoder, int64_t rows, int threads, const Kernels &kernels) : rows(rows), kernels(kernels), team(threads) {
    bool whole = decoder->head != nullptr && decoder->head->whole();
    for (int64_t i = 0; i < decoder->layerCount; i++) {
      const CGLayer &layer = decoder->layers[i];
      whole = whole || layer.queryKeyValue->whole() || layer.attentionOutput->whole() || layer.gateUp->whole() || layer.down->whole();
      if (layer.cross != nullptr) {
        whole = whole || layer.cross->query->whole() || layer.cross->keyValue->whole() || layer.cross->output->whole();
      }
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
  const Kernels &kernels;
  Team team;
  Memory<float> x, queries, angles;
  Side normed, attended, gated;
  std::vector<std::vector<float>> scratch;
};

namespace {

// Those of a name, or the best where it is null; null where the machine lacks them.
const Kernels *find(const char *name) {
  const auto is = [&](const Kernels &kernels) { return name == nullptr || std::strcmp(name, kernels.name) == 0; };
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (is(avx512Kernels) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni")) {
    return &avx512Kernels;
  }
  if (is(avx2Kernels) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
    return &avx2Kernels;
  }
#endif
  return is(plainKernels) ? &plainKernels : nullptr;
}

}  // namespace

CGWorkspace *cg_workspace_create(const CGDecoder *decoder, int64_t rows, int32_t threads, const char *instructions) {
  try {
    const Kernels *kernels = instructions != nullptr ? find(instructions) : &cg::kernels();
    return kernels != nullptr ? new CGWorkspace(decoder, rows, threads, *kernels) : nullptr;
  } catch (...) {
    return nullptr;
  }
}

void cg_workspace_free(CGWorkspace *workspace) { delete workspace; }

int64_t cg_page_bytes(const CGDecoder *decoder) {
  return decoder->layerCount * decoder->keyValueHeads * 2 * decoder->headSize * CG_PAGE_TOKENS * (decoder->halfCache ? 2 : 4);
}

const char *cg_instructions(void) { return kernels().name; }

int32_t cg_has_instructions(const char *name) { return find(name) != nullptr ? 1 : 0; }

const Kernels &cg::kernels() {
  // Whoever measures or doubts may ask for others than the best.
  static const Kernels *const usual = [] {
    const Kernels *asked = find(std::getenv("MARTLET_INSTRUCTIONS"));
    return asked != nullptr ? asked : find(nullptr);
  }();
  return *usual;
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
  const Kernels &k = work->kernels;
  Team &team = work->team;
  const int64_t rows = step->rows, hidden = decoder->hidden, half = decoder->rotary / 2;
  const int64_t width = decoder->heads * decoder->headSize, stride = width + 2 * decoder->keyValueHeads * decoder->headSize;
  float *x = work->x.get(), *queries = work->queries.get();
  const int64_t rowGrain = rows >= 64 ? 8 : 1, keyHeads = decoder->keyValueHeads;

  team.phase(rows, rowGrain, [&](int64_t first, int64_t end) {
    for (int64_t row = first; row < end; row++) {
      float *own = x + row * hidden;
      cg_matrix_row(decoder->embedding, step->tokens[row], own);
      if (decoder->embeddingScale != 1) {
        for (int64_t i = 0; i < hidden; i++) own[i] *= decoder->embeddingScale;
      }
      if (decoder->positions != nullptr) {
        const float *place = decoder->positions + step->positions[row] * hidden;
        for (int64_t i = 0; i < hidden; i++) own[i] += place[i];
      }
      float *cosines = work->angles.get() + row * decoder->rotary, *sines = cosines + half;
      for (int64_t i = 0; i < half; i++) {
        const float angle = decoder->inverseFrequencies[i] * static_cast<float>(step->positions[row]);
        cosines[i] = std::cos(angle) * decoder->rotaryScale;
        sines[i] = std::sin(angle) * decoder->rotaryScale;
      }
    }
  });
  auto normalize = [&](const float *from, const float *weight, const float *bias, float *to) {
    if (decoder->centred) {
      k.centre(from, weight, bias, hidden, decoder->epsilon, to);
    } else {
      k.normalize(from, weight, hidden, decoder->epsilon, to);
    }
  };
  // What a map reads.
  auto norm = [&](const float *weight, const float *bias, bool whole) {
    team.phase(rows, rowGrain, [&](int64_t first, int64_t end) {
      for (int64_t row = first; row < end; row++) {
        if (decoder->normsBehind) {
          std::memcpy(work->normed.row(row), x + row * hidden, static_cast<size_t>(hidden) * sizeof(float));
        } else {
          normalize(x + row * hidden, weight, bias, work->normed.row(row));
        }
        if (whole) work->normed.round(k, row);
      }
    });
  };
  auto normBehind = [&](const float *weight, const float *bias) {
    if (!decoder->normsBehind) return;
    team.phase(rows, rowGrain, [&](int64_t first, int64_t end) {
      for (int64_t row = first; row < end; row++) normalize(x + row * hidden, weight, bias, x + row * hidden);
    });
  };
  auto rounded = [&](Side &side, bool whole) {
    if (!whole) return;
    team.phase(rows, rowGrain, [&](int64_t first, int64_t end) {
      for (int64_t row = first; row < end; row++) side.round(k, row);
    });
  };
  auto attend = [&](int64_t index, int64_t window, bool isCross) {
    const int64_t items = static_cast<int64_t>(tiles.size()) * keyHeads;
    team.phase(items, 1, [&](int64_t first, int64_t end) {
      for (int64_t item = first; item < end; item++) {
        const Tile &tile = tiles[static_cast<size_t>(item / keyHeads)];
        const int64_t seen = isCross ? step->sourceLengths[tile.row] : decoder->seesAll ? rows : 0;
        const Attention attention = {
            queries + tile.row * stride, stride, tile.rows, step->positions[tile.row],
            isCross ? step->sources[tile.row] : step->pages[tile.row], index, item % keyHeads, window, seen,
            !isCross && decoder->distanceBias != nullptr, work->attended.row(tile.row), work->attended.stride,
            work->scratch[static_cast<size_t>(member)].data()};
        k.attend(decoder, attention);
      }
    });
  };
  for (int64_t index = 0; index < decoder->layerCount; index++) {
    const CGLayer &layer = decoder->layers[index];
    norm(layer.attentionNorm, layer.attentionNormBias, layer.queryKeyValue->whole());
    multiply(team, k, layer.queryKeyValue, work->normed.input(), rows, {queries, stride, layer.queryKeyValueBias, Ending::store});
    team.phase(rows, rowGrain, [&](int64_t first, int64_t end) {
      for (int64_t row = first; row < end; row++) {
        const float *cosines = work->angles.get() + row * decoder->rotary;
        k.keep(decoder, &layer, index, queries + row * stride, cosines, cosines + half, step->positions[row], step->pages[row]);
      }
    });
    attend(index, layer.window, false);
    rounded(work->attended, layer.attentionOutput->whole());
    multiply(team, k, layer.attentionOutput, work->attended.input(), rows, {x, hidden, layer.outputBias, Ending::add});
    normBehind(layer.attentionNorm, layer.attentionNormBias);
    if (layer.cross != nullptr && step->sources != nullptr) {
      const CGCross &cross = *layer.cross;
      norm(cross.norm, cross.normBias, cross.query->whole());
      multiply(team, k, cross.query, work->normed.input(), rows, {queries, stride, cross.queryBias, Ending::store});
      attend(index, 0, true);
      rounded(work->attended, cross.output->whole());
      multiply(team, k, cross.output, work->attended.input(), rows, {x, hidden, cross.outputBias, Ending::add});
      normBehind(cross.norm, cross.normBias);
    }
    norm(layer.feedForwardNorm, layer.feedForwardNormBias, layer.gateUp->whole());
    multiply(team, k, layer.gateUp, work->normed.input(), rows,
             {work->gated.values.get(), work->gated.stride, layer.gateUpBias, decoder->gated ? Ending::gate : Ending::activate,
              decoder->activation});
    rounded(work->gated, layer.down->whole());
    multiply(team, k, layer.down, work->gated.input(), rows, {x, hidden, layer.downBias, Ending::add});
    normBehind(layer.feedForwardNorm, layer.feedForwardNormBias);
  }
  // Only the rows that somebody asks for go on; their number is small, so they take the first places.
  team.phase(step->outputs, 1, [&](int64_t first, int64_t end) {
    for (int64_t i = first; i < end; i++) {
      const float *from = x + step->outputRows[i] * hidden;
      float *to = decoder->head != nullptr ? work->normed.row(i) : step->logits + i * hidden;
      if (decoder->norm != nullptr) {
        normalize(from, decoder->norm, decoder->normBias, to);
      } else {
        std::memcpy(to, from, static_cast<size_t>(hidden) * sizeof(float));
      }
      if (decoder->head != nullptr && decoder->head->whole()) work->normed.round(k, i);
    }
  });
  if (step->outputs > 0 && decoder->head != nullptr) {
    multiply(team, k, decoder->head, work->normed.input(), step->outputs,
             {step->logits, decoder->vocabulary, decoder->headBias, Ending::store});
  }
}

// The keys and values of a piece of the text that an encoder has read.
void remember(const CGDecoder *decoder, CGWorkspace *work, int64_t start, int64_t rows, const float *vectors, uint8_t *const *pages) {
  const Kernels &k = work->kernels;
  Team &team = work->team;
  const int64_t hidden = decoder->hidden, stride = (decoder->heads + 2 * decoder->keyValueHeads) * decoder->headSize;
  bool whole = false;
  for (int64_t index = 0; index < decoder->layerCount; index++) whole = whole || decoder->layers[index].cross->keyValue->whole();
  team.phase(rows, 1, [&](int64_t first, int64_t end) {
    for (int64_t row = first; row < end; row++) {
      std::memcpy(work->normed.row(row), vectors + (start + row) * hidden, static_cast<size_t>(hidden) * sizeof(float));
      if (whole) work->normed.round(k, row);
    }
  });
  for (int64_t index = 0; index < decoder->layerCount; index++) {
    const CGCross &cross = *decoder->layers[index].cross;
    multiply(team, k, cross.keyValue, work->normed.input(), rows, {work->queries.get(), stride, cross.keyValueBias, Ending::store});
    team.phase(rows, 1, [&](int64_t first, int64_t end) {
      for (int64_t row = first; row < end; row++) k.keepSource(decoder, index, work->queries.get() + row * stride, start + row, pages);
    });
  }
}

}  // namespace

int32_t cg_step(const CGDecoder *decoder, CGWorkspace *workspace, const CGStep *step) {
  try {
    int64_t length = 0;
    for (int64_t row = 0; row < step->rows; row++) {
      length = std::max<int64_t>(length, step->positions[row] + 1);
      if (step->sources != nullptr) length = std::max<int64_t>(length, step->sourceLengths[row]);
    }
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

int32_t cg_remember(const CGDecoder *decoder, CGWorkspace *workspace, int64_t length, const float *vectors, uint8_t *const *pages) {
  try {
    for (int64_t start = 0; start < length; start += workspace->rows) {
      const int64_t rows = std::min(workspace->rows, length - start);
      auto task = [&](int) { remember(decoder, workspace, start, rows, vectors, pages); };
      workspace->team.run(task);
    }
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

float cg_scores_maximum(const float *scores, int64_t count, int32_t *valid) { return kernels().scoreMaximum(scores, count, valid); }

double cg_scores_sum(const float *scores, int64_t count, float shift) { return kernels().scoreSum(scores, count, shift); }

void cg_scores_scale(float *scores, int64_t count, float factor) { kernels().scoreScale(scores, count, factor); }

int32_t cg_scores_nucleus(float *scores, int64_t count, float shift, double target) {
  try {
    kernels().scoreNucleus(scores, count, shift, target);
    return 0;
  } catch (...) {
    return 1;
  }
}
