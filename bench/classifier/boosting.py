# scikit-learn's HistGradientBoosting on the rows of a file, the first 30,000 to learn from: prints area and Brier score on the others.
import csv, sys
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import brier_score_loss, roc_auc_score

rows = list(csv.DictReader(open(sys.argv[1])))
names = [name for name in rows[0] if name not in ("n", "y")]
texts = [name for name in names if rows[0][name][0] in "kl"]
levels = {name: sorted({row[name] for row in rows}) for name in texts}
x = np.array([[levels[name].index(row[name]) if name in texts else float(row[name]) for name in names] for row in rows])
y = np.array([row["y"] == "t" for row in rows])
model = HistGradientBoostingClassifier(random_state=1).fit(x[:30000], y[:30000])
p = model.predict_proba(x[30000:])[:, 1]
print(roc_auc_score(y[30000:], p), brier_score_loss(y[30000:], p), sep=",")
