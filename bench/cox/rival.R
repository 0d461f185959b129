# R survival: rival.R ROWS DURATION ANSWER reads the rows once, prints the seconds of one coxph, and writes what it found.
suppressMessages(library(survival))
given <- commandArgs(TRUE)
rows <- readRDS(given[1])
names(rows)[names(rows) == given[2]] <- "duration"
formula <- Surv(duration, churned) ~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10
invisible(gc())
seconds <- system.time(fit <- coxph(formula, rows))[["elapsed"]]
answer <- data.frame(term = names(coef(fit)), coefficient = coef(fit), standard_error = sqrt(diag(vcov(fit))),
                     log_likelihood = fit$loglik[2], concordance = fit$concordance[["concordance"]])
write.csv(format(answer, digits = 15), given[3], row.names = FALSE, quote = FALSE)
cat(seconds, "\n", sep = "")
