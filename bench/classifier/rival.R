# R's glm: rival.R ROWS ANSWER reads the rows once, prints the seconds of one fit, and writes what it found.
given <- commandArgs(TRUE)
rows <- readRDS(given[1])
invisible(gc())
seconds <- system.time(fit <- glm(y ~ ., data = rows, family = binomial()))[["elapsed"]]
answer <- data.frame(term = names(coef(fit)), coefficient = coef(fit), standard_error = sqrt(diag(vcov(fit))))
write.csv(format(answer, digits = 15), given[2], row.names = FALSE, quote = FALSE)
cat(seconds, "\n", sep = "")
