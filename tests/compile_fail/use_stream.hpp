// The rest of a program that plays the Net of the case that includes it on a stream, in every way there is, so that a
// second error would show.
int main() {
  const Model<Net> model;
  Stream stream(model);
  const std::vector<float> x(64);
  std::vector<float> y(64);
  stream.process(x, y);
  const auto one = stream.step(std::span<const float, 2>(x.data(), 2));
  stream.reset();
  return one[0] > y[0];
}
