/* The closed list of what expressions of users may be made of. */
#ifndef CSMETRICS_EXPRESSION_LIST_H
#define CSMETRICS_EXPRESSION_LIST_H

#include "pg/pg.h"

/* Characters that a value may be padded to by its type, as char(n) does. */
#define MAX_PADDING 1000

extern bool is_builtin(Oid object);
extern bool is_ours(Oid class, Oid object);

/* Of PostgreSQL alone: a function called by its name, one that a cast or an operator calls, and an operator. */
extern bool is_listed_function(Oid function);
extern bool is_listed_cast(Oid function);
extern bool is_listed_operator(Oid operator);
extern bool is_listed_collation(Oid collation);

/* Functions of csmetrics that read nothing, and make little of what they are given. Whoever owns the extension can add functions of his to it:
 * those are not of its owner, who made the others. */
extern bool is_harmless_of_ours(Oid function, Oid owner);
extern Oid	function_owner(Oid function);

/* Types whose input and output call nothing of users, look nothing up and make no more of a value than it is. */
extern bool may_hold(Oid type, int32 typmod);

/* Its text holds no other value's text, which would be quoted in it: each quoting may double it. */
extern bool is_plain(Oid type);

/* Types that a text becomes, and that become texts, while the expression runs. */
extern bool has_text_form(Oid type);

#endif
