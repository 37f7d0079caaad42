"""scikit-learn on the rows that trees-against-sklearn.ts wrote: single thread, CPU time of `fit` alone, one JSON object on stdout.

Usage: python3 trees-against-sklearn.py ROWS.f64 TRAIN_ROWS FEATURES
ROWS.f64 holds little-endian doubles, row by row: the features, then the target.
"""
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import json
import time
import warnings

import numpy as np
import sklearn
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.neural_network import MLPRegressor

warnings.simplefilter("ignore")
path, train, features = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rows = np.fromfile(path, dtype="<f8").reshape(-1, features + 1)
x, y = rows[:, :-1], rows[:, -1]
mean, sd, y_mean, y_sd = x[:train].mean(0), x[:train].std(0), y[:train].mean(), y[:train].std()
result = {"sklearn": sklearn.__version__}


def timed(name, model, x, y):
    start = time.process_time()
    model.fit(x[:train], y[:train])
    seconds = time.process_time() - start
    error = model.predict(x[train:]) - y[train:]
    scatter = y[train:] - y[train:].mean()
    result[name] = {
        "seconds": seconds,
        "r2": float(1 - error @ error / (scatter @ scatter)),
        "rmse": float(np.sqrt(np.mean(error**2))),
    }


timed("forest", RandomForestRegressor(n_estimators=100, random_state=0, n_jobs=1), x, y)
timed("boosting", GradientBoostingRegressor(random_state=0), x, y)
standardised, target = (x - mean) / sd, (y - y_mean) / y_sd
for name, layers in (("mlp", (100,)), ("mlp_32_32", (32, 32))):
    timed(name, MLPRegressor(layers, random_state=0, max_iter=500), standardised, target)
    result[name]["rmse"] *= float(y_sd)
print(json.dumps(result))
