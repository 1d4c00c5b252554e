"""With AutoShardPolicy.OFF two workers train the same rows, and the tail is never trained."""

import concurrent.futures
import socket

import keras
import tensorflow as tf


def work(index, ports, policy):
    def loss(y, y_pred):
        trained.extend(map(int, y[:, 0]))
        return (y - y_pred) ** 2

    trained, cluster = [], tf.train.ClusterSpec({"worker": [f"127.0.0.1:{p}" for p in ports]})
    here = tf.distribute.cluster_resolver.SimpleClusterResolver(cluster, "", "worker", index)
    with tf.distribute.MultiWorkerMirroredStrategy(here).scope():
        (model := keras.Sequential([keras.layers.Dense(1)])).compile("sgd", loss, run_eagerly=True)
    rows = tf.range(34.0)[:, None]
    (options := tf.data.Options()).experimental_distribute.auto_shard_policy = policy
    data = tf.data.Dataset.from_tensor_slices((rows, rows)).batch(16).with_options(options)
    return trained, model.fit(data, epochs=3, verbose=0).history["loss"]


ports = [s.getsockname()[1] for s in [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]]
policies = [tf.data.experimental.AutoShardPolicy.OFF] * 2
with concurrent.futures.ProcessPoolExecutor(2) as pool:  # forked before TensorFlow is used
    (rows, losses), (others, same_losses) = pool.map(work, range(2), [ports] * 2, policies)
print("times trained:", [(rows + others).count(row) for row in range(34)])
print("equal losses:", losses == same_losses)
