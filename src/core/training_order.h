/* The order of rows by their contents. */
#ifndef CSMETRICS_TRAINING_ORDER_H
#define CSMETRICS_TRAINING_ORDER_H

#include "core/training.h"

/* Rows in that order; clusters are numbered in it, from 0 on. */
void		order_rows(TrainingRows *rows, const Workshop *workshop);

#endif
