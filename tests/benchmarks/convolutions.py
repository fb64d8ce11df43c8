"""The gradients of one-dimensional convolutions: TensorFlow's, and their filters' as products.

    python tests/benchmarks/convolutions.py

The gradient of a filter is one matrix product for each tap, or a single one of an unfolded input.
Each line is a convolution of one of the models at the scale of its recipe. All three are measured
in turns, in milliseconds of processor time; the ratios are of medians.
"""

import statistics
import time

import tensorflow as tf

ROUNDS = 15
CONVOLUTIONS = {  # batch, time, channels, filters, taps, stride, dilation
    "NC_WAVENET, dilation 1": (4, 9000, 32, 64, 3, 1, 1),
    "NC_WAVENET, dilation 256": (4, 9000, 32, 64, 3, 1, 256),
    "NC_WAVENET_STRIDED, halving": (4, 16000, 24, 24, 3, 2, 1),
    "NC_WAVENET_STRIDED, upwards": (4, 16000, 48, 24, 15, 1, 1),
    "WAVE_U_NET, first level": (8, 33000, 16, 16, 15, 1, 1),
    "WAVE_U_NET, third level": (8, 8000, 48, 64, 15, 1, 1),
    "WAVE_U_NET, upwards": (8, 4000, 64, 48, 5, 1, 1),
    "DILATED_CONV_GRU, stem": (12, 190, 513, 176, 3, 1, 1),
    "DILATED_CONV_GRU, block": (12, 190, 44, 44, 3, 1, 4),
}


def main():
    print(f"{'':30}{'TensorFlow':>12}{'by taps':>10}{'unfolded':>10}    times faster")
    for name, (batch, length, channels, filters, taps, stride, dilation) in CONVOLUTIONS.items():
        inputs = tf.random.normal((batch, length, channels))
        kernel = tf.random.normal((taps, channels, filters))
        forms = [
            make_step(gradient, stride, dilation)
            for gradient in (None, gradient_by_taps, gradient_unfolded)
        ]
        reference, *others = (form(inputs, kernel) for form in forms)
        for other in others:
            tf.debugging.assert_near(reference[1], other[1], rtol=1e-3, atol=1.0)
        seconds = [[] for _ in forms]
        for _ in range(ROUNDS):
            for form, times in zip(forms, seconds, strict=True):
                start = time.process_time()
                form(inputs, kernel)
                times.append(time.process_time() - start)
        native, *others = map(statistics.median, seconds)
        cells = "".join(f"{1e3 * value:10.1f}" for value in (native, *others))
        ratios = ", ".join(f"{native / value:.2f}" for value in others)
        print(f"{name:32}{cells}    {ratios}", flush=True)


def make_step(filter_gradient, stride, dilation):
    """The forward pass and both gradients, that of the filter as given or TensorFlow's."""

    def convolve(inputs, kernel):
        return tf.nn.conv1d(inputs, kernel, stride, "VALID", dilations=dilation)

    @tf.custom_gradient
    def convolve_by_products(inputs, kernel):
        def differentiate(error):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = convolve(inputs, kernel)
            to_inputs = tape.gradient(outputs, inputs, output_gradients=error)
            starts = range(0, kernel.shape[0] * dilation, dilation)
            extent = (error.shape[1] - 1) * stride + 1
            taps = [inputs[:, start : start + extent : stride] for start in starts]
            return to_inputs, filter_gradient(taps, error)

        return convolve(inputs, kernel), differentiate

    @tf.function(autograph=False)
    def step(inputs, kernel):
        with tf.GradientTape() as tape:
            tape.watch([inputs, kernel])
            form = convolve if filter_gradient is None else convolve_by_products
            loss = tf.reduce_sum(form(inputs, kernel) ** 2)
        return tape.gradient(loss, [inputs, kernel])

    return step


def gradient_by_taps(taps, error):
    error = _flatten(error)
    return tf.stack([tf.matmul(_flatten(tap), error, transpose_a=True) for tap in taps])


def gradient_unfolded(taps, error):
    product = tf.matmul(_flatten(tf.concat(taps, -1)), _flatten(error), transpose_a=True)
    return tf.reshape(product, (len(taps), -1, error.shape[-1]))


def _flatten(sequence):
    return tf.reshape(sequence, (-1, sequence.shape[-1]))


if __name__ == "__main__":
    main()
