// The module's functions without WebAssembly: reads an image's 784 numbers from 0 to 255 and prints its
// probabilities.
#include <cstdio>

extern "C" {
float* input();
float* output();
void predict();
}

int main() {
  for (int i = 0; i < 784; ++i) {
    if (std::scanf("%f", input() + i) != 1) return 1;
    input()[i] /= 255;
  }
  predict();
  for (int i = 0; i < 10; ++i) std::printf("%.9g ", static_cast<double>(output()[i]));
}
