"""On TensorFlow, the workers of a torch DataLoader can end with an error."""

import contextlib
import threading

import keras
import numpy as np
import torch

workers = []


class Worker(torch.multiprocessing.Process):
    def start(self):
        workers.append(self)
        threading.current_thread()  # as a line of logging asks, here in TensorFlow's thread
        super().start()


torch.multiprocessing.Process = Worker
data = [(np.full(1, i), np.full(1, i)) for i in range(8)]
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
with contextlib.suppress(RuntimeError):  # now and then
    model.fit(torch.utils.data.DataLoader(data, num_workers=2), epochs=3, verbose=0)
print("exit codes of the workers:", {worker.join() or worker.exitcode for worker in workers})
