#include <boost/hana/equal.hpp>

#include <keratin/layers/einsum_dense.hpp>

#include "../check.hpp"

using namespace keratin;

TEST_CASE("EinsumDense computes what Keras computes") {
  check<EinsumDense<"ab,bc->ac", OutputShape<5>, BiasAxes<"c">>, Input<4>>("einsum_dense");
  check<EinsumDense<"abc,cd->abd", OutputShape<-1, 17>, BiasAxes<"d">, Tanh>, Input<3, 5>>("einsum_rows");
  check<EinsumDense<"abc,cde->abde", OutputShape<-1, 2, 3>, BiasAxes<"de">>, Input<4, 5>>("einsum_heads");
  check<EinsumDense<"abcd,cde->abe", OutputShape<-1, 4>, BiasAxes<"e">>, Input<3, 2, 3>>("einsum_of_heads");
  check<EinsumDense<"...x,xy->...y", OutputShape<4>, BiasAxes<"y">, ReLU>, Input<2, 3, 5>>("einsum_left");
  check<EinsumDense<"ab...,bc->ac...", OutputShape<4>, BiasAxes<"c">>, Input<3, 2, 5>>("einsum_right");
}
TEST_CASE("other axes than a Dense's") {
  check<EinsumDense<"abc,bd->adc", OutputShape<4, -1>, Softmax>, Input<3, 5>>("einsum_first");
  check<EinsumDense<"abc,bcd->abd", OutputShape<3, 2>, BiasAxes<"b">>, Input<3, 4>>("einsum_each");
  check<EinsumDense<"abc,dc->abd", OutputShape<3, 17>, BiasAxes<"bd">>, Input<3, 2>>("einsum_transposed");
  check<EinsumDense<"ab,cb->ac", OutputShape<1>, BiasAxes<"c">>, Input<1>>();
}
TEST_CASE("equations and shapes that do not fit are refused") {
  const auto broken = [](Equation equation, OpenShape out, Shape in, Equation bias = {}) {
    return EinsumDenseSpec{.equation = equation, .output_shape = out, .bias_axes = bias}.fit(in).broken;
  };
  for (const Equation wrong : {Equation("ab,bc"), Equation("ab->ac"), Equation("ab,bc->ad"),
                               Equation("aa,ac->ac"), Equation("...ab,bc->ac"), Equation("ab,ac->bc"),
                               Equation("1b,bc->1c"), Equation("ab,bcd->ac"), Equation("")})
    CHECK(broken(wrong, {3}, {4}) == &needs_an_equation);
  CHECK(broken("ab,bc->ac", {3}, {4}, "x") == &needs_an_equation);
  CHECK(broken("ab,bc->ac", {3}, {4, 5}) == &needs_axes_as_in_its_equation);
  CHECK(broken("ab,bc->ac", {-1}, {4}) == &needs_axes_as_in_its_equation);
  CHECK(broken("abc,cd->abd", {3}, {4, 5}) == &needs_axes_as_in_its_equation);
  CHECK(broken("abc,cd->abd", {3, 3}, {4, 5}) == &needs_axes_as_in_its_equation);
  CHECK(broken("abc,cd->abd", {4, 3}, {4, 5}) == nullptr);
  static_assert(EinsumDense<"ab,bcde->acde", OutputShape<65536, 65536, 65536>>::spec.fit(Shape{4}).broken ==
                &more_than_2_31_elements);
  static_assert(EinsumDense<"ab...,bc->ac...", OutputShape<7>>::spec.fit(Shape{4, 5, 6}).out ==
                Shape{7, 5, 6});
  static_assert(hana::equal(EinsumDense<"ab,bc->ac", OutputShape<3>, BiasAxes<"c">>::spec,
                            EinsumDense<"ab,bc->ac", BiasAxes<"c">, OutputShape<3>>::spec));
}
