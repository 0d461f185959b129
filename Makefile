# csmetrics: PostgreSQL extension, built by PGXS.
# Sources, SQL parts and tests are found by pattern: a new metric adds files and registers nothing.
EXTENSION  = csmetrics
MODULE_big = csmetrics
# Not VERSION: PGXS sets that, to the version of PostgreSQL.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" csmetrics.control)

OBJS  = $(patsubst %.c,%.o,$(sort $(wildcard src/core/*.c) $(wildcard src/pg/*.c)))
PARTS = $(sort $(wildcard sql/[0-9]*.sql))
MODEL = $(sort $(wildcard model/[0-9]*.sql model/live/*.sql model/changes/*.sql))
STEPS = $(sort $(wildcard sql/updates/*--*.sql))
UPDATES = $(foreach step,$(STEPS),csmetrics--$(firstword $(subst --, ,$(notdir $(step))))--$(EXTVERSION).sql)
DATA_built = csmetrics--$(EXTVERSION).sql $(UPDATES)

TESTS   = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS = $(TESTS)
REGRESS_OPTS = --inputdir=test --load-extension=pgtap --load-extension=csmetrics
EXTRA_CLEAN = results regression.diffs regression.out

PG_CPPFLAGS = -I$(srcdir)/src
PG_CFLAGS   = -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wno-declaration-after-statement $(WERROR)
SHLIB_LINK  = -lm

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# pg_regress would silently run ./sql/NAME.sql instead of test/sql/NAME.sql.
ifneq ($(filter $(notdir $(PARTS:.sql=)),$(TESTS)),)
$(error a test bears the name of an install part: $(filter $(notdir $(PARTS:.sql=)),$(TESTS)))
endif

# From each released version there is a way to this one.
csmetrics--$(EXTVERSION).sql: $(PARTS) $(MODEL) csmetrics.control script/assemble
	script/assemble > $@

$(UPDATES): csmetrics--%--$(EXTVERSION).sql: $(PARTS) $(MODEL) sql/updates/begin.sql $(STEPS) csmetrics.control script/assemble
	script/assemble $* > $@

$(OBJS): $(wildcard src/core/*.h src/pg/*.h)

# The arithmetic knows nothing of PostgreSQL: it compiles with no header of it in reach.
.PHONY: check-core
check-core:
	for f in src/core/*.c; do $(CC) $(PG_CFLAGS) -Werror -Isrc -fsyntax-only $$f || exit 1; done
