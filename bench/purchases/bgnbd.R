# bgnbd.R CUSTOMERS.csv FIT.csv: the BG/NBD model by R's own optim, with the likelihood and the bounds that package BTYD gives it
# (bgnbd.EstimateParameters: L-BFGS-B, parameters in logarithms). Writes the fit and prints its seconds, reading left out.
arguments <- commandArgs(trailingOnly = TRUE)
customers <- read.csv(arguments[1])
x <- customers$frequency
t.x <- customers$recency
age <- customers$age

log.likelihood <- function(p) {
  r <- p[1]; alpha <- p[2]; a <- p[3]; b <- p[4]
  beta.ratio <- lbeta(a, b + x) - lbeta(a, b)
  there <- lgamma(r + x) - lgamma(r) + r * log(alpha) - (r + x) * log(alpha + age)
  left <- ifelse(x > 0, log(a) - log(b + pmax(x, 1) - 1) + (r + x) * (log(alpha + age) - log(alpha + t.x)), -Inf)
  sum(beta.ratio + there + log1p(exp(left)))
}

seconds <- system.time({
  fit <- optim(c(0, 0, 0, 0), function(p) -log.likelihood(exp(p)), method = "L-BFGS-B", lower = rep(-10, 4), upper = rep(10, 4),
               control = list(factr = 1e5))
})["elapsed"]
write.csv(data.frame(t(exp(fit$par)), -fit$value), arguments[2], row.names = FALSE)
cat(seconds)
