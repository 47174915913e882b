// Nothing of it is used; see distributed.cpp.
#pragma once
