// durability FOLDER RESULT: trains with a backup in FOLDER, going on from what is there, and writes the final
// weights to RESULT. Prints where it went on.
#include <keratin/io/backup_and_restore.hpp>
#include <keratin/keratin.hpp>
#include <keratin/threads.hpp>

#include <cstdio>

using namespace keratin;

namespace {

struct Tells {
  void on_train_begin(TrainingState& run) {
    std::printf("%d %d\n", run.epoch, run.step);
    std::fflush(stdout);
  }
};

}  // namespace

int main(int, char** arguments) {
  using Net = Sequential<Input<8, 8, 1>, Conv2D<4, Kernel<3>, ReLU>, BatchNormalization<>, Flatten,
                         Dropout<0.3>, Dense<3, Softmax>>;
  constexpr std::size_t samples = 200;
  std::vector<float> x(samples * 64);
  std::vector<int> y(samples);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(uniform(Random{1}.word(i)) - 0.5);
  for (std::size_t i = 0; i < samples; ++i) y[i] = static_cast<int>(i * 7 % 5 % 3);
  Model<Net> model(1);
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  trainer.set_random_seed(3);
  trainer.fit(x, y, {.epochs = 8, .batch_size = 12, .validation_split = 0.1, .verbose = 0},
              io::BackupAndRestore{.backup_dir = arguments[1], .save_freq = 1}, Tells{});
  io::write_atomically(arguments[2], {std::as_bytes(model.block())});
}
