#pragma once
// A layer of the library from its class and its config, and the other way round: what goes through all specs,
// and takes half of the time that a file with Keras's files compiles. Where KERATIN_NODES_ELSEWHERE is
// defined it comes from another file of the program, which includes io/instantiate.hpp.
#include <keratin/io/tables.hpp>

namespace keratin::io::detail {

#if defined KERATIN_NODES_ELSEWHERE && !defined KERATIN_RECORDS_HERE
std::optional<functional::Layer> layer_of_class(const std::string& class_name, const Json& config,
                                                const std::string& name, const Shape& in,
                                                const std::optional<std::string>& text);
#else
/// Nothing where no layer of the library has the class. text: what an archive may have for it.
KERATIN_RECORDS std::optional<functional::Layer> layer_of_class(const std::string& class_name,
                                                                const Json& config, const std::string& name,
                                                                const Shape& in,
                                                                const std::optional<std::string>& text) {
  std::optional<functional::Layer> made;
  hana::for_each(layer_specs, [&](auto type) {
    using S = typename decltype(type)::type;
    if (!made && is_class_of<S>(class_name, config))
      made.emplace(layer_from_config<S>(config, name, in, text));
  });
  return made;
}
/// Nothing where the node is made of no spec of the library.
KERATIN_RECORDS std::optional<NodeConfig> config_of_spec(const functional::Node& node) {
  std::optional<NodeConfig> known;
  functional::with_spec(node, [&]<class S>(const S& spec) {
    known = NodeConfig{config_from_spec(spec)};
    if constexpr (requires { S::class_in_files; }) known->known = S::class_in_files;
  });
  return known;
}
#endif

}  // namespace keratin::io::detail
