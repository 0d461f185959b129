-- The floor: ten columns read.
select count(x1), count(x2), count(x3), count(x4), count(x5), count(x6), count(x7), count(x8), count(x9), count(x10) from leaver;
