"""On JAX, Keras deals 34 rows to two processes as 3 batches and 2: the third step never ends."""

import multiprocessing
import socket

import jax
import keras
import tensorflow as tf


def work(process, port, repeats, steps):
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, process)
    keras.utils.set_random_seed(0)
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    (model := keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])).compile("sgd", "mse")
    data = tf.data.Dataset.from_tensor_slices(([[0.0]] * 34,) * 2).repeat(repeats).batch(16)
    model.fit(data, steps_per_epoch=steps, verbose=0)
    done.wait()


port, done = socket.create_server(("127.0.0.1", 0)).getsockname()[1], multiprocessing.Barrier(2)
workers = [multiprocessing.Process(target=work, args=(i, port, 1, None)) for i in range(2)]
for worker in workers:
    worker.start()
while not done.n_waiting and all(worker.is_alive() for worker in workers):
    workers[0].join(0.1)
workers[0].join(3)  # it could be any time
print("fits that have returned:", done.n_waiting, "of 2")
for worker in workers:
    worker.kill()
