#pragma once

/// All of tenon/nn.

#include "tenon/nn/activation.h"
#include "tenon/nn/attention.h"
#include "tenon/nn/clip_grad.h"
#include "tenon/nn/containers.h"
#include "tenon/nn/conv.h"
#include "tenon/nn/init.h"
#include "tenon/nn/layers.h"
#include "tenon/nn/linear.h"
#include "tenon/nn/loss.h"
#include "tenon/nn/module.h"
#include "tenon/nn/norm.h"
#include "tenon/nn/pooling.h"
#include "tenon/nn/recurrent.h"
