#pragma once
// A static model straight over a blob, in flash or a mapped file:
//   const auto values = view_of_blob<Net>(file);                     // checked, not copied
//   if (!values.empty()) Model<Net, View> model(values.first<plan<Net>().block>());
#include <keratin/core/blob.hpp>
#include <keratin/sequential/execute.hpp>

namespace keratin {

/// The block of a network inside a blob that io::save_blob wrote, see core/blob.hpp. Error: reported, and the
/// span is empty; see last_error() where there are no exceptions.
template <class Net> std::span<const float> view_of_blob(std::span<const std::byte> file) {
  constexpr BlobLayout layout(plan<Net>().layers, plan<Net>().block);  // the plan stays in the compiler
  return view_of_blob(layout, file);
}

}  // namespace keratin
