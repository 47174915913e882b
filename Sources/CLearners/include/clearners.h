// What classic learners need from C and C++: xgboost's and libsvm's own C interfaces, a shim over hnswlib, and the kernels of trees.
#pragma once

#include <libsvm/svm.h>
#include <xgboost/c_api.h>

#include "clearners_clusters.h"
#include "clearners_hnsw.h"
#include "clearners_neighbours.h"
#include "clearners_trees.h"
