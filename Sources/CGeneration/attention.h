// Keys and values in pages, and attention over them. Included inside the namespace of one instruction set, after lanes.h.
//
// A page holds for each layer and head of keys the keys as [headSize][16 positions] and the values as [16 positions][headSize].

template <class Number>
CG_INLINE Number *keysOf(const CGDecoder *decoder, uint8_t *page, int64_t layer, int64_t head) {
  return reinterpret_cast<Number *>(page) + (layer * decoder->keyValueHeads + head) * 2 * decoder->headSize * CG_PAGE_TOKENS;
}

template <class Number>
CG_INLINE void keepIn(const CGDecoder *decoder, int64_t layerIndex, const float *keys, int64_t position, uint8_t *const *pages) {
  const int64_t size = decoder->headSize, slot = position % CG_PAGE_TOKENS;
  const float *values = keys + decoder->keyValueHeads * size;
  for (int64_t head = 0; head < decoder->keyValueHeads; head++) {
    Number *to = keysOf<Number>(decoder, pages[position / CG_PAGE_TOKENS], layerIndex, head);
    for (int64_t d = 0; d < size; d++) to[d * CG_PAGE_TOKENS + slot] = static_cast<Number>(keys[head * size + d]);
    to += size * CG_PAGE_TOKENS + slot * size;
    for (int64_t d = 0; d < size; d += 16) store(to + d, load(values + head * size + d));
  }
}

void keepSource(const CGDecoder *decoder, int64_t layerIndex, const float *row, int64_t position, uint8_t *const *pages) {
  if (decoder->halfCache) {
    keepIn<_Float16>(decoder, layerIndex, row, position, pages);
  } else {
    keepIn<float>(decoder, layerIndex, row, position, pages);
  }
}

void keep(const CGDecoder *decoder, const CGLayer *layer, int64_t layerIndex, float *row, const float *cosines, const float *sines,
          int64_t position, uint8_t *const *pages) {
  const int64_t size = decoder->headSize, half = decoder->rotary / 2;
  for (int64_t head = 0; head < decoder->heads + decoder->keyValueHeads; head++) {
    float *x = row + head * size;
    const float *norm = head < decoder->heads ? layer->queryNorm : layer->keyNorm;
    if (norm != nullptr) normalize(x, norm, size, decoder->epsilon, x);
    for (int64_t i = 0; i < half; i++) {
      const float a = x[i], b = x[i + half];
      x[i] = a * cosines[i] - b * sines[i];
      x[i + half] = b * cosines[i] + a * sines[i];
    }
  }
  keepSource(decoder, layerIndex, row + decoder->heads * size, position, pages);
}

// What distances mean is added to the scores of one query, `first` being the first key's position.
CG_INLINE void addDistances(const CGDecoder *decoder, int64_t head, int64_t position, int64_t first, float *scores, int64_t length) {
  const int64_t most = decoder->distances - 1;
  const float *bias = decoder->distanceBias + head * (decoder->seesAll ? 2 * most + 1 : most + 1);
  for (int64_t i = 0; i < length; i++) {
    const int64_t ahead = first + i - position;
    scores[i] += decoder->seesAll ? bias[std::clamp(ahead, -most, most) + most] : bias[std::clamp<int64_t>(-ahead, 0, most)];
  }
}

// Scores of R queries with the keys of P pages.
template <int R, int P, class Number>
CG_INLINE void scorePages(const CGDecoder *decoder, const Attention &at, const float *const *queries, int64_t page, int64_t end,
                          float *scores, int64_t length) {
  const Number *keys[P], *next[P];
  for (int p = 0; p < P; p++) {
    keys[p] = keysOf<Number>(decoder, at.pages[page + p], at.layer, at.head);
    // A page's part is too short for the machine to see where the next one lies.
    next[p] = page + p + P < end ? keysOf<Number>(decoder, at.pages[page + p + P], at.layer, at.head) : keys[p];
  }
  F16 total[R][P] = {};
  for (int64_t d = 0; d < decoder->headSize; d++) {
    F16 key[P];
    if (d % (64 / (CG_PAGE_TOKENS * static_cast<int64_t>(sizeof(Number)))) == 0) {
      for (int p = 0; p < P; p++) __builtin_prefetch(next[p] + d * CG_PAGE_TOKENS);
    }
    for (int p = 0; p < P; p++) key[p] = load(keys[p] + d * CG_PAGE_TOKENS);
    for (int r = 0; r < R; r++) {
      const F16 query = splat(queries[r][d]);
      for (int p = 0; p < P; p++) total[r][p] = fused(query, key[p], total[r][p]);
    }
  }
  for (int r = 0; r < R; r++)
    for (int p = 0; p < P; p++) store(scores + r * length + p * CG_PAGE_TOKENS, total[r][p] * splat(decoder->attentionScale));
}

template <int R, class Number>
CG_INLINE void score(const CGDecoder *decoder, const Attention &at, const float *const *queries, int64_t first, int64_t end, float *scores,
                     int64_t length) {
  int64_t page = first;
  for (; page + 4 <= end; page += 4)
    scorePages<R, 4, Number>(decoder, at, queries, page, end, scores + (page - first) * CG_PAGE_TOKENS, length);
  for (; page < end; page++)
    scorePages<R, 1, Number>(decoder, at, queries, page, end, scores + (page - first) * CG_PAGE_TOKENS, length);
}

// Weights from scores; only positions from `low` to below `high` count. Returns the sum of the weights.
CG_INLINE float weigh(float *scores, int64_t length, int64_t low, int64_t high) {
  const float nothing = -std::numeric_limits<float>::infinity();
  for (int64_t i = 0; i < low; i++) scores[i] = nothing;
  for (int64_t i = high; i < length; i++) scores[i] = nothing;
  F16 most = splat(nothing);
  for (int64_t i = 0; i < length; i += 16) most = larger(load(scores + i), most);
  const F16 top = splat(largest(most));
  F16 total = {};
  for (int64_t i = 0; i < length; i += 16) {
    const F16 score = load(scores + i);
    const F16 weight = score == splat(nothing) ? F16{} : exponential(score - top);
    store(scores + i, weight);
    total += weight;
  }
  return sum(total);
}

// Sums of the values of V registers' width, weighted for R queries.
template <int R, int V, class Number>
CG_INLINE void gather(const CGDecoder *decoder, const Attention &at, int64_t column, int64_t first, int64_t high, const float *weights,
                      int64_t length, const float *inverse, float *const *outs) {
  const int64_t size = decoder->headSize;
  F16 total[R][V] = {};
  for (int64_t start = 0; start < high; start += CG_PAGE_TOKENS) {
    const Number *keys = keysOf<Number>(decoder, at.pages[first + start / CG_PAGE_TOKENS], at.layer, at.head);
    const Number *values = keys + size * CG_PAGE_TOKENS + column;
    const int64_t count = std::min<int64_t>(CG_PAGE_TOKENS, high - start);
    const Number *next = values;
    if (start + CG_PAGE_TOKENS < high) {
      next = keysOf<Number>(decoder, at.pages[first + start / CG_PAGE_TOKENS + 1], at.layer, at.head) + size * CG_PAGE_TOKENS + column;
    }
    for (int64_t i = 0; i < count; i++) {
      for (int64_t line = 0; line < V * 16; line += 64 / static_cast<int64_t>(sizeof(Number))) __builtin_prefetch(next + i * size + line);
      F16 value[V];
      for (int v = 0; v < V; v++) value[v] = load(values + i * size + v * 16);
      for (int r = 0; r < R; r++) {
        const F16 weight = splat(weights[r * length + start + i]);
        for (int v = 0; v < V; v++) total[r][v] = fused(weight, value[v], total[r][v]);
      }
    }
  }
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) store(outs[r] + column + v * 16, total[r][v] * splat(inverse[r]));
}

template <int R, class Number>
CG_INLINE void gatherAll(const CGDecoder *decoder, const Attention &at, int64_t first, int64_t high, const float *weights, int64_t length,
                         const float *inverse, float *const *outs) {
  int64_t column = 0;
  for (; column + 64 <= decoder->headSize; column += 64)
    gather<R, 4, Number>(decoder, at, column, first, high, weights, length, inverse, outs);
  for (; column < decoder->headSize; column += 16)
    gather<R, 1, Number>(decoder, at, column, first, high, weights, length, inverse, outs);
}

template <int R, class Number>
CG_INLINE void attendTogether(const CGDecoder *decoder, const Attention &at, int64_t start, int64_t first, int64_t end) {
  const int64_t group = decoder->heads / decoder->keyValueHeads, size = decoder->headSize;
  const int64_t length = (end - first) * CG_PAGE_TOKENS;
  const float *queries[R];
  float *outs[R];
  float inverse[R];
  for (int r = 0; r < R; r++) {
    const int64_t row = (start + r) / group, head = at.head * group + (start + r) % group;
    queries[r] = at.queries + row * at.stride + head * size;
    outs[r] = at.out + row * at.outStride + head * size;
  }
  score<R, Number>(decoder, at, queries, first, end, at.scratch, length);
  int64_t last = 0;
  for (int r = 0; r < R; r++) {
    const int64_t position = at.position + (start + r) / group;
    const int64_t low = at.window > 0 ? std::max<int64_t>(0, position - at.window + 1) : 0;
    const int64_t high = (at.seen > 0 ? at.seen : position + 1) - first * CG_PAGE_TOKENS;
    if (at.hasDistances) {
      addDistances(decoder, at.head * group + (start + r) % group, position, first * CG_PAGE_TOKENS, at.scratch + r * length, length);
    }
    inverse[r] = 1.0f / weigh(at.scratch + r * length, length, std::max<int64_t>(0, low - first * CG_PAGE_TOKENS), high);
    last = std::max(last, high);
  }
  gatherAll<R, Number>(decoder, at, first, last, at.scratch, length, inverse, outs);
}

template <class Number>
CG_INLINE void attendIn(const CGDecoder *decoder, const Attention &at) {
  const int64_t group = decoder->heads / decoder->keyValueHeads;
  const int64_t low = at.window > 0 ? std::max<int64_t>(0, at.position - at.window + 1) : 0;
  const int64_t first = low / CG_PAGE_TOKENS, last = at.seen > 0 ? at.seen - 1 : at.position + at.rows - 1;
  const int64_t end = last / CG_PAGE_TOKENS + 1;
  const int64_t count = at.rows * group;
  for (int64_t start = 0; start < count; start += 4) {
    switch (count - start) {
      case 1: attendTogether<1, Number>(decoder, at, start, first, end); break;
      case 2: attendTogether<2, Number>(decoder, at, start, first, end); break;
      case 3: attendTogether<3, Number>(decoder, at, start, first, end); break;
      default: attendTogether<4, Number>(decoder, at, start, first, end); break;
    }
  }
}

void attend(const CGDecoder *decoder, const Attention &at) {
  if (decoder->halfCache) {
    attendIn<_Float16>(decoder, at);
  } else {
    attendIn<float>(decoder, at);
  }
}
