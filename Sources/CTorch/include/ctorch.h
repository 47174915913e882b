// The C ABI over libtorch: what `import CTorch` sees.
#ifndef CTORCH_H
#define CTORCH_H
#include "ctorch_base.h"
#include "ctorch_distributed.h"
#include "ctorch_handwritten.h"
#include "generated/ctorch_operators.h"
#endif
