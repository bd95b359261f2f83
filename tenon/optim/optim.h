#pragma once

/// All of tenon/optim.

#include "tenon/optim/adadelta.h"
#include "tenon/optim/adagrad.h"
#include "tenon/optim/adam.h"
#include "tenon/optim/adamax.h"
#include "tenon/optim/asgd.h"
#include "tenon/optim/grad_scaler.h"
#include "tenon/optim/nadam.h"
#include "tenon/optim/optimizer.h"
#include "tenon/optim/radam.h"
#include "tenon/optim/rmsprop.h"
#include "tenon/optim/rprop.h"
#include "tenon/optim/schedule.h"
#include "tenon/optim/sgd.h"
#include "tenon/optim/updater.h"
