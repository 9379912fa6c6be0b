#pragma once
// Callbacks that need no library; those that write files are in keratin/io/.
#include <keratin/callbacks/early_stopping.hpp>
#include <keratin/callbacks/lambda_callback.hpp>
#include <keratin/callbacks/learning_rate_scheduler.hpp>
#include <keratin/callbacks/progbar_logger.hpp>
#include <keratin/callbacks/reduce_lr_on_plateau.hpp>
#include <keratin/callbacks/swap_ema_weights.hpp>
#include <keratin/callbacks/terminate_on_nan.hpp>
