#pragma once
// Lanes: the same element of L samples side by side, L the machine's own vector width. A kernel written over
// T = float reads as code for one sample; over T = Lanes the same source runs L samples.
namespace keratin {

#if defined __AVX512F__
inline constexpr int vector_bytes = 64;
#elif defined __AVX__
inline constexpr int vector_bytes = 32;
#else
inline constexpr int vector_bytes = 16;
#endif

/// How many values of type S one vector register holds.
template <class S> inline constexpr int lanes = vector_bytes / static_cast<int>(sizeof(S));

namespace kernels {
template <class S, int N = lanes<S>> struct VectorOf {
  typedef S type __attribute__((vector_size(N * sizeof(S))));
};
/// The machine's vector of S as a built-in type.
template <class S> using Vec = typename VectorOf<S>::type;
}  // namespace kernels

/// One float of each of `lanes<float>` samples, with the arithmetic of a float.
struct Lanes {
  kernels::Vec<float> v;

  Lanes() = default;
  Lanes(float x) : v(x - kernels::Vec<float>{}) {}
  Lanes(kernels::Vec<float> x) : v(x) {}

  float* data() { return reinterpret_cast<float*>(this); }
  const float* data() const { return reinterpret_cast<const float*>(this); }
  float& operator[](int lane) { return data()[lane]; }
  float operator[](int lane) const { return v[lane]; }

  Lanes& operator+=(Lanes x) { return *this = v + x.v; }
  Lanes& operator-=(Lanes x) { return *this = v - x.v; }
  Lanes& operator*=(Lanes x) { return *this = v * x.v; }
  Lanes& operator/=(Lanes x) { return *this = v / x.v; }
  friend Lanes operator-(Lanes x) { return -x.v; }
  friend Lanes operator+(Lanes x, Lanes y) { return x.v + y.v; }
  friend Lanes operator-(Lanes x, Lanes y) { return x.v - y.v; }
  friend Lanes operator*(Lanes x, Lanes y) { return x.v * y.v; }
  friend Lanes operator/(Lanes x, Lanes y) { return x.v / y.v; }
};

/// What one T is: the scalar it is made of, and how many samples it carries.
template <class T> struct Unit {
  using Scalar = T;
  static constexpr int samples = 1;
};
template <> struct Unit<Lanes> {
  using Scalar = float;
  static constexpr int samples = lanes<float>;
};
template <class T> using Scalar = typename Unit<T>::Scalar;

/// The values of T's one by one.
template <class T> const Scalar<T>* scalars(const T* p) { return reinterpret_cast<const Scalar<T>*>(p); }
template <class T> Scalar<T>* scalars(T* p) { return reinterpret_cast<Scalar<T>*>(p); }

}  // namespace keratin
