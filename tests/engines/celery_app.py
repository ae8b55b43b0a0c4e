"""The application that test_celery.py and its worker share."""

import os

import celery

import cppickle.integrations.celery

REDIS = os.environ["CELERY_REDIS"]

app = celery.Celery("celery_app", broker=REDIS, backend=REDIS)
app.conf.worker_prefetch_multiplier = 1
cppickle.integrations.celery.install(app)


@app.task(name="call")
def call(function, arguments):
    return function(*arguments)
